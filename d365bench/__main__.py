"""`python -m d365bench`: the same as the command d365bench."""

from d365bench.cli import main

if __name__ == "__main__":
    main()
