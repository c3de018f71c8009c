"""Posting rules as files: out as JSON and CSV, in with everything checked before a draft is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec

from mappings.lookups import EntryError
from mappings.table_files import cell_text, lines_of
from mappings.workbooks import FileError
from reconciliation.core.posting.accounts import AccountRule as Account
from reconciliation.core.posting.categories import CATEGORIES, ROLES
from reconciliation.core.posting.rules import Rule
from reconciliation.models import AccountRule, PostingRule, PostingRuleVersion

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 5000
MOST_PROBLEMS = 20
KNOWN = CATEGORIES | ROLES
FORMAT = 1
RULE_FIELDS = ("transaction_type", "amount_type", "amount_description", "category")
ACCOUNT_FIELDS = ("category", "account", "marketplace", "fulfilment")


class RulePart(msgspec.Struct, forbid_unknown_fields=True):
    """A kind of line and its category."""

    amount_type: str
    category: str
    transaction_type: str = ""
    amount_description: str = ""


class AccountPart(msgspec.Struct, forbid_unknown_fields=True):
    """A category and its account."""

    category: str
    account: str
    marketplace: str = ""
    fulfilment: str = ""


class RulesDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A version of posting rules. `slug`, `name` and `version` say where it comes from and are not used on import."""

    format: Annotated[int, msgspec.Meta(ge=FORMAT, le=FORMAT)]
    rules: Annotated[list[RulePart], msgspec.Meta(max_length=MOST_ROWS)]
    accounts: Annotated[list[AccountPart], msgspec.Meta(max_length=MOST_ROWS)]
    slug: str = ""
    name: str = ""
    version: int = 0


class Content(NamedTuple):
    """What a file holds: None for what it says nothing about."""

    rules: tuple[Rule, ...] | None
    accounts: tuple[Account, ...] | None


def as_json(version: PostingRuleVersion, content: Content) -> str:
    """The file's text, the same for the same content."""
    document = RulesDocument(
        format=FORMAT, slug=version.rule_set.slug, name=version.rule_set.name, version=version.number,
        rules=[RulePart(**one._asdict()) for one in content.rules or ()],
        accounts=[AccountPart(**one._asdict()) for one in content.accounts or ()],
    )  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def read_file(name: str, raw: bytes) -> Content:
    """Of a JSON file rules and accounts, of a CSV or XLSX file the one that its columns name. FileError says what is wrong, and where."""
    if len(raw) > MOST_BYTES:
        raise FileError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB; posting rules never are. Choose another file.")
    if not raw.strip():
        raise FileError("The file is empty.")
    found = _from_json(raw) if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else _from_table(name, raw)
    _check(found)
    return found


def _from_json(raw: bytes) -> Content:
    try:
        document = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"), type=RulesDocument)
    except RecursionError:
        raise FileError("The file is nested too deep to be posting rules. Choose another file.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise FileError(f"The file does not hold posting rules as they are exported here: {wrong}.") from None
    return Content(
        tuple(dict.fromkeys(Rule(*(getattr(one, name).strip() for name in RULE_FIELDS)) for one in document.rules)),
        tuple(dict.fromkeys(Account(*(getattr(one, name).strip() for name in ACCOUNT_FIELDS)) for one in document.accounts)),
    )


def _from_table(name: str, raw: bytes) -> Content:
    lines = lines_of(name, raw)
    heading = [str(cell or "").strip().lower().replace(" ", "_") for cell in next(lines, [])]
    fields = next((some for some in (RULE_FIELDS, ACCOUNT_FIELDS) if set(some) <= set(heading)), None)
    if fields is None:
        raise FileError(
            f"The first line must name the columns {', '.join(RULE_FIELDS)} (rules) or {', '.join(ACCOUNT_FIELDS)} (accounts). "
            f"It names: {', '.join(word[:40] for word in heading[:10] if word) or 'none'}."
        )
    at = [heading.index(field) for field in fields]
    rows = _rows(lines, at)
    if fields is RULE_FIELDS:
        return Content(tuple(dict.fromkeys(Rule(*row) for row in rows)), None)
    return Content(None, tuple(dict.fromkeys(Account(*row) for row in rows)))


def _rows(lines: Iterable[list[Any]], at: Sequence[int]) -> list[list[str]]:
    found = []
    for number, cells in enumerate(lines, start=2):
        if number > MOST_ROWS + 1:
            raise FileError(f"The file has more than {MOST_ROWS:,} rows; posting rules never have. Choose another file.")
        try:
            row = [cell_text(cells[place]) if place < len(cells) else "" for place in at]
        except EntryError as wrong:
            raise FileError(f"Row {number}: {wrong}.") from None
        if any(row):
            found.append(row)
    if not found:
        raise FileError("The file has a heading but no rows.")
    return found


def _check(content: Content) -> None:
    rules, accounts = content.rules or (), content.accounts or ()
    categories = dict.fromkeys([*(one.category for one in rules), *(one.category for one in accounts)])
    places = _twice((one.category, one.marketplace, one.fulfilment) for one in accounts)
    found = [
        *_wrong(rules, RULE_FIELDS, PostingRule),
        *_wrong(accounts, ACCOUNT_FIELDS, AccountRule),
        *(f"There is no category “{one[:40]}”. Choose one of the list on the draft’s page." for one in categories if one not in KNOWN),
        *(f"“{' / '.join(one)}” has two categories in the file. Remove one." for one in _twice(one[:3] for one in rules)),
        *(f"“{' / '.join(filter(None, one))}” has two accounts in the file. Remove one." for one in places),
    ]
    if found:
        more = f" … and {len(found) - MOST_PROBLEMS} more." if len(found) > MOST_PROBLEMS else ""
        raise FileError(" ".join(found[:MOST_PROBLEMS]) + more)


def _twice(keys: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [key for key, count in Counter(keys).items() if count > 1]


def _wrong(rows: Iterable[Rule | Account], fields: Sequence[str], model: type[PostingRule] | type[AccountRule]) -> list[str]:
    longest = {name: int(getattr(model._meta.get_field(name), "max_length", 0)) for name in fields}
    found = []
    for row in rows:
        for name in fields:
            text: str = getattr(row, name)
            if len(text) > longest[name]:
                found.append(f"“{text[:40]}…” is too long for {name}: at most {longest[name]} characters.")
            elif any(ord(letter) < 32 for letter in text):
                found.append(f"A value of {name} holds a character that cannot be printed. Write it anew.")
    return found


def merged(content: Content, present: Content, *, replace: bool) -> Content:
    """What the draft would hold: the file's rows over those that are there, or instead of them. What the file says nothing about stays."""
    rules = {} if replace else {one[:3]: one for one in present.rules or ()}
    rules |= {one[:3]: one for one in content.rules or ()}
    accounts = {} if replace else {(one.category, one.marketplace, one.fulfilment): one for one in present.accounts or ()}
    accounts |= {(one.category, one.marketplace, one.fulfilment): one for one in content.accounts or ()}
    return Content(
        present.rules if content.rules is None else tuple(rules.values()),
        present.accounts if content.accounts is None else tuple(accounts.values()),
    )
