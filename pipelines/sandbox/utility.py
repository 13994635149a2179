"""Utility templates: made and approved on the spot, filled in when they are sent."""

import re
from typing import Any

from pipelines.policy import UNKNOWN_REGION
from pipelines.sandbox import errors
from pipelines.sandbox.book import Book
from pipelines.sandbox.errors import GraphError
from pipelines.sandbox.messages import Send
from pipelines.sandbox.state import Page, Person

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

Fields = dict[str, Any]


def make_template(page: Page, fields: Fields, book: Book, at: int) -> Fields:
    """Keep a new template and return it. Raises GraphError."""
    name, language, category = (str(fields.get(key) or "") for key in ("name", "language", "category"))
    components = fields.get("components")
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name) or not language or not isinstance(components, list):
        raise GraphError(errors.BAD_PARAMETER, "A template needs a name (a-z, 0-9, _), a language and components")
    if category != "UTILITY":
        raise GraphError(errors.BAD_PARAMETER, "Param category must be one of {UTILITY}")
    if not _body(components):
        raise GraphError(errors.BAD_PARAMETER, "A template needs a BODY component with a text")
    allowed = book.value("utility.buttons", at)
    for button in _buttons(components):
        if button.get("type") not in allowed:
            raise GraphError(errors.TEMPLATE_REFUSED, f"A template's buttons are one of {', '.join(allowed)}")
    if "components" in page.templates.get((name, language), {}):  # one known from a log alone may be made again
        raise GraphError(errors.BAD_PARAMETER, f"There is already a template {name} in {language}")
    template_id = str(10**15 + len(page.templates) + int(page.page_id[-6:] or 0) * 1000)
    made = {"id": template_id, "name": name, "language": language, "category": category, "status": "APPROVED"}
    page.templates[name, language] = {**made, "components": components}
    return page.templates[name, language]


def check_utility(page: Page, person: Person, send: Send, book: Book, at: int) -> str:
    """Return what a utility message says. Raises GraphError for any reason not to send it."""
    if send.template_type != "utility" or send.messaging_type != "UTILITY":
        raise GraphError(errors.BAD_PARAMETER, "messaging_type UTILITY and message[template] go together")
    if person.region not in {UNKNOWN_REGION, *book.value("utility.regions", at)}:
        raise GraphError(errors.NO_PERMISSION, "Utility messages are not available in the person's region")
    asked = send.message["template"]
    language = asked.get("language") if isinstance(asked, dict) else None
    code = str(language.get("code") or "") if isinstance(language, dict) else ""
    template = page.templates.get((str(asked.get("name") or ""), code)) if isinstance(asked, dict) else None
    if not template or template["status"] != "APPROVED":
        raise GraphError(errors.BAD_PARAMETER, "There is no approved template of that name in that language")
    return _filled(template.get("components"), asked.get("components") or [])


def _filled(components: object, given: object) -> str:
    """Return the template's text with its variables put in. A template known from a log alone has no text to fill."""
    if not isinstance(components, list):
        return ""
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise GraphError(errors.BAD_PARAMETER, "Param message[template][components] must be a list of objects")
    body = _body(components)
    parameters = [
        parameter
        for part in given
        if str(part.get("type")).lower() == "body"
        for parameter in _list(part, "parameters")
    ]
    names = list(dict.fromkeys(_PLACE.findall(body)))
    if len(parameters) != len(names):
        raise GraphError(errors.BAD_PARAMETER, f"The template takes {len(names)} parameters, not {len(parameters)}")
    payloads = [part for part in given if str(part.get("type")).lower() in {"button", "buttons"}]
    if payloads and len(payloads) != sum(button.get("type") == "POSTBACK" for button in _buttons(components)):
        raise GraphError(errors.BUTTON_MISMATCH, "The payloads do not match the template's buttons")
    by_name = {
        str(parameter.get("parameter_name") or name): str(parameter.get("text") or "")
        for name, parameter in zip(names, parameters, strict=True)
    }
    return _PLACE.sub(lambda place: by_name.get(place[1], ""), body)


def _body(components: list[Any]) -> str:
    bodies = [each for each in components if isinstance(each, dict) and str(each.get("type")).upper() == "BODY"]
    return str(bodies[0].get("text") or "") if bodies else ""


def _buttons(components: list[Any]) -> list[Fields]:
    return [
        button
        for each in components
        if isinstance(each, dict) and str(each.get("type")).upper() == "BUTTONS"
        for button in _list(each, "buttons")
    ]


def _list(part: Fields, name: str) -> list[Fields]:
    values = part.get(name)
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []
