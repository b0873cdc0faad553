"""A page of prose in Markdown as JupyterLab and the report show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """Some Markdown; HTML in it is shown as it is written and never takes effect."""

    markdown: str

    def _repr_html_(self) -> str:
        import mistune

        render = mistune.create_markdown(escape=True, plugins=["table"])
        return f'<div class="document">{render(self.markdown)}</div>'


def document(markdown: str) -> Document:
    """The text, to be shown."""
    return Document(markdown)
