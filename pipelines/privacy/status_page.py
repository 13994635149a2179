"""The page on which a person reads what became of their wish to be forgotten: words, and nothing to run."""

from html import escape

from pipelines.ledger.deletions import Deletion

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c2430; --soft: #4c5768; --ground: #ffffff; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e8ecf2; --soft: #a9b4c4; --ground: #12161d; }} }}
body {{ margin: 0; background: var(--ground); color: var(--ink); font: 1.05rem/1.6 system-ui, sans-serif; }}
main {{ max-width: 36rem; margin: 12vh auto; padding: 0 1.5rem; }}
h1 {{ font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }}
p {{ margin: 0 0 1rem; }}
.note {{ color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
_SAYS = {
    "asked": ("Your data will be erased", "It is the turn of your request within minutes."),
    "erasing": (
        "Your data is being erased",
        "That may wait for a message on its way to you; none is sent anew.",
    ),
    "erased": ("Your data is erased", "Messages, permissions and whatever else was held of you is gone."),
    "nothing": ("Nothing is held of you", "No conversation here belongs to the id that Facebook names you by."),
    "unknown": (
        "Your request waits for a person",
        "Facebook names you by an id that differs from the one in your conversation. Somebody here has to find out "
        "which conversation is yours. You can speed that up: write to the Page and ask to be forgotten.",
    ),
}


def status_page(request: Deletion) -> str:
    """Return what became of a request, as one HTML page."""
    is_nothing = request.state == "erased" and not any(request.told().values())
    title, words = _SAYS["nothing" if is_nothing else request.state]
    when = f"Asked on {request.asked_at:%d %B %Y at %H:%M} UTC."
    if request.state == "erased":
        when += f" Erased on {request.state_at:%d %B %Y at %H:%M} UTC."
    return _page(title, words, f"{when} Confirmation code: {request.code}")


def missing_page() -> str:
    """Return the page for a code that is none."""
    return _page("There is no such request", "Check the address: the code at its end has 32 letters and digits.", "")


def _page(title: str, words: str, note: str) -> str:
    body = f"<p>{escape(words)}</p>" + (f'\n<p class="note">{escape(note)}</p>' if note else "")
    return _PAGE.format(title=escape(title), body=body)
