"""One line of a log without the items that are to go: as long as before, and all else where it was."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipelines.load.mend import LISTS, WRAPPERS
from pipelines.privacy.items import event_of
from pipelines.privacy.spans import Node, Span, blanked, node_at, whole, without
from pipelines.privacy.wanted import Wanted

BOM = b"\xef\xbb\xbf"
_MOST_WRAPPERS = 5


@dataclass(frozen=True, slots=True)
class Rest:
    """What stays of a line, and how many items went."""

    line: bytes
    items: int

    @property
    def is_blank(self) -> bool:
        """Whether nothing stays."""
        return not self.line.removeprefix(BOM).strip()


def erased_line(line: bytes, wanted: Wanted) -> Rest | None:
    """Return a line without what is wanted; None where there is nothing of it. `line` may end with its line break."""
    if not wanted.may_be_in(line):
        return None
    begin = len(BOM) if line.startswith(BOM) else 0
    text = line[begin:].decode("latin-1")
    cutter = Cutter(wanted)
    try:
        node = whole(text)
        is_gone = cutter.value(node, _MOST_WRAPPERS)
    except (ValueError, RecursionError):
        is_gone = wanted.takes_line(line)
        node = Node(text, 0, len(text), None, 0)
    else:
        is_gone = is_gone or (not cutter.items and "body_base64" in text and wanted.takes_line(line))
    if is_gone:
        return Rest(blanked(line, [(begin, len(line))]), cutter.items)
    rest = wanted.masked(line[:begin] + blanked(line[begin:], cutter.cuts))
    return Rest(rest, cutter.items) if rest != line else None


def erased_truth(line: bytes, wanted: Wanted) -> Rest | None:
    """The same for a line of the sandbox's truth, which is one person's as a whole or not at all."""
    if not wanted.may_be_in(line):
        return None
    try:
        told = json.loads(line)
        item = {"sender": {"id": told["psid"]}, "recipient": {"id": told["page_id"]}, "timestamp": told.get("at")}
        is_gone = wanted.takes(event_of(item, "messaging", None, None))
    except (ValueError, KeyError, TypeError, RecursionError):
        is_gone = wanted.takes_line(line)
    return Rest(blanked(line, [(0, len(line))]), 1) if is_gone else None


class Cutter:
    """Walks a delivery as the loader's `mend` does, and notes what to cut out of its text.

    Each method returns whether nothing is left of a part: then whoever holds it cuts it out, or is empty itself.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.cuts: list[Span] = []
        self.items = 0
        self._wanted = wanted

    def value(self, node: Node, wrappers: int) -> bool:
        """Look into what may be a delivery, several, one in a wrapper, or a part of one."""
        value = node.value
        if isinstance(value, list):
            return self._some(node.elements(), lambda each: self.value(each, wrappers))
        if isinstance(value, str):
            return self._string(node, wrappers)
        if not isinstance(value, dict):
            return False
        if value.get("entry") is not None:
            return self._each(_member(node, "entry"), self._entry)
        if any(isinstance(value.get(name), list) for name in LISTS):
            return self._entry(node)
        if "sender" in value or "recipient" in value:
            return self._item(node, "messaging", None, value.get("timestamp"))
        if "field" in value or self._main(value) is None:
            return bool(value.get("page_id")) and self._change(value)
        return self._wrapper(node, wrappers)

    def _main(self, value: dict[str, Any]) -> str | None:
        """Name the field of a wrapper that the loader takes for the delivery."""
        return next((name for name in WRAPPERS if isinstance(value.get(name), dict | str)), None)

    def _wrapper(self, node: Node, wrappers: int) -> bool:
        """Clear the delivery, and any other copy of it that the log shipper kept beside it."""
        if not wrappers:
            return False
        main, is_empty = self._main(node.value), False
        for key, member in node.members():
            if not isinstance(member.value, dict | list | str):
                continue
            items = self.items
            is_gone = self.value(member, wrappers - 1)
            if key == main:
                is_empty = is_gone
                continue
            self.items = items  # a copy of what is counted
            if is_gone:
                self.cuts.append(member.interior)
        return is_empty

    def _string(self, node: Node, wrappers: int) -> bool:
        if not node.value.lstrip().startswith(("{", "[", '"')) or not wrappers:
            return False
        inside = node.inside()
        inner = Cutter(self._wanted)
        try:
            is_empty = inner.value(whole(inside.text), wrappers - 1)
        except (ValueError, RecursionError):
            return self._wanted.takes_line(inside.text.encode("utf-8", "replace"))
        self.cuts += [inside.outside(cut) for cut in inner.cuts]
        self.items += inner.items
        return is_empty

    def _entry(self, node: Node) -> bool:
        if not isinstance(node.value, dict):
            return False
        about = node.value.get("id"), node.value.get("time")
        lists = [name for name in LISTS if node.value.get(name) is not None]
        if not lists:
            return self._item(node, "entry", *about)
        members = node.members()

        def is_emptied(key: str, member: Node) -> bool:
            return key in lists and self._each(member, lambda item: self._item(item, key, *about))

        gone = [is_emptied(key, member) for key, member in members]
        stays = [member for (key, member), is_gone in zip(members, gone, strict=True) if key in lists and not is_gone]
        if not any(gone) or all(member.value == [] for member in stays):
            return any(gone)
        self.cuts += without([member for _, member in members], gone)
        return False

    def _each(self, node: Node, act: Callable[[Node], bool]) -> bool:
        """A list, or one thing where a list should be."""
        return self._some(node.elements(), act) if isinstance(node.value, list) else act(node)

    def _some(self, nodes: list[Node], act: Callable[[Node], bool]) -> bool:
        gone = [act(each) for each in nodes]
        if any(gone) and not all(gone):
            self.cuts += without(nodes, gone)
        return bool(gone) and all(gone)

    def _item(self, node: Node, channel: str, entry_id: object, entry_time: object) -> bool:
        value = node.value
        return isinstance(value, dict) and self._takes(value, channel, entry_id, entry_time)

    def _change(self, value: dict[str, Any]) -> bool:
        item = {"field": value.get("field", "unknown"), "value": value}
        return self._takes(item, "changes", value["page_id"], value.get("timestamp"))

    def _takes(self, item: dict[str, Any], channel: str, entry_id: object, entry_time: object) -> bool:
        is_taken = self._wanted.takes(event_of(item, channel, entry_id, entry_time))
        self.items += is_taken
        return is_taken


def _member(node: Node, name: str) -> Node:
    """Return the member that counts where a name stands twice: the last."""
    return dict(node.members())[name]


def erased_document(data: bytes, wanted: Wanted) -> list[tuple[int, Span, Rest]]:
    """
    Return what changes in JSON that is spread over lines: (line, span, rest) for each value that is not as before.

    Values are numbered by the line that they begin at, as the loader does.
    """
    text = data.decode("latin-1")
    changed, at, line, counted = [], 0, 1, 0
    while (at := _value_from(text, at)) >= 0:
        line, counted = line + text.count("\n", counted, at), at
        try:
            end = node_at(text, at).end
        except (ValueError, RecursionError):
            end = len(text)  # nothing behind it can be read
        rest = erased_line(data[at:end], wanted)
        if rest is not None:
            changed.append((line, (at, end), rest))
        at = end
    return changed


def _value_from(text: str, at: int) -> int:
    """Return where the next object begins: between them stand spaces, commas, and the brackets of the array."""
    return text.find("{", at)
