"""The truth about an invented tenant, told slowly: plain loops over people and rows, and a search by brute force.

Nothing of the product is imported but the containers of the sample generator. Slow and obvious on purpose: what is
said here about a person can be followed by eye, and the product has to say the same.

rules → versions → estate (people, acts) → coverage → evidence (proofs, holds) → targets → ledger → summary
"""
