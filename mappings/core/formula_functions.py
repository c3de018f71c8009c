"""The functions that formulas may call: a closed list, each with the help that the editor shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from mappings.core import dates
from mappings.core.formula_records import known_as, origin
from mappings.core.lookups import found_in_table, missed
from mappings.core.money import EXACT, ZERO, bounded, minor_units, plain, rounded
from mappings.core.operands import add, before, equal, is_blank, num, short, truth, txt
from mappings.core.postbox import is_po_box
from mappings.core.refusal import RefusedError, UnansweredError
from mappings.core.state import Look, State

Parts = tuple[Look, ...]
MANY = 255
SHAPE = re.compile(r"0{1,40}(?:\.(0{1,40}))?\Z")


@dataclass(frozen=True, slots=True)
class Function:
    """One function: `run(*values)`, or `run(state, closures)` when `lazy`."""

    name: str
    signature: str
    help: str
    run: Callable[..., Any]
    least: int
    most: int
    lazy: bool = False


def _if(state: State, parts: Parts) -> Any:
    if truth(parts[0](state)):
        return parts[1](state)
    return parts[2](state) if len(parts) > 2 else None


def _if_error(state: State, parts: Parts) -> Any:
    try:
        return parts[0](state)
    except UnansweredError:
        raise
    except RefusedError:
        return parts[1](state)


def _coalesce(state: State, parts: Parts) -> Any:
    for part in parts:
        value = part(state)
        if not is_blank(value):
            return value
    return None


def _lookup(state: State, parts: Parts) -> Any:
    table, key = txt(parts[0](state)), txt(parts[1](state))
    hit = found_in_table(state.facts.tables, table, key)
    if hit is not None:
        return hit
    if len(parts) > 2:
        return parts[2](state)

    raise missed(table, key)


def _setting(state: State, parts: Parts) -> Any:
    value = state.facts.settings.get(txt(parts[0](state)))
    if is_blank(value) and len(parts) > 1:
        return parts[1](state)
    return value


def _flat(values: tuple[Any, ...]) -> list[Any]:
    return [one for value in values for one in (value if value.__class__ is list else (value,)) if not is_blank(one)]


def _sum(*values: Any) -> Decimal:
    total = ZERO
    for value in values:
        for one in value if value.__class__ is list else (value,):
            if one is not None:
                total = add(total, one)
    return total


def _sum_if(keys: Any, wanted: Any, values: Any) -> Decimal:
    pairs = zip(_as_list(keys), _as_list(values), strict=False)
    return _sum(*[value for key, value in pairs if equal(key, wanted)])


def _absolute(value: Any) -> Any:
    if value.__class__ is list:
        return [None if is_blank(one) else bounded(num(one)).copy_abs() for one in value]
    return bounded(num(value)).copy_abs()


def _as_list(value: Any) -> list[Any]:
    return value if value.__class__ is list else [value]


def _smallest(*values: Any) -> Decimal | None:
    return min((num(value) for value in _flat(values)), default=None)


def _largest(*values: Any) -> Decimal | None:
    return max((num(value) for value in _flat(values)), default=None)


def _all_same(*values: Any) -> Any:
    present = _flat(values)
    same = bool(present) and all(equal(one, present[0]) for one in present) and len(present) == sum(len(_as_list(v)) for v in values)
    return present[0] if same else None


def _places(value: Any, least: int = -20) -> int:
    places = bounded(num(value))
    if places != int(places) or not least <= places <= 20:
        raise RefusedError("A whole number of places or characters is needed here.", code="type_mismatch")
    return int(places)


def _count(value: Any) -> int:
    count = num(value)
    return int(min(max(count, ZERO), Decimal(40_000)))


def _text(value: Any, shape: Any) -> str:
    pattern = SHAPE.match(txt(shape))
    if not pattern:
        raise RefusedError('The form of TEXT is made of zeros, such as "0.00" or "00000".', code="type_mismatch")
    shown = plain(rounded(bounded(num(value)), len(pattern[1] or "")))
    whole = len(txt(shape).partition(".")[0])
    sign, digits = ("-", shown[1:]) if shown.startswith("-") else ("", shown)
    return sign + digits.rjust(whole + len(digits) - len(digits.partition(".")[0]), "0")


def _substitute(text: Any, old: Any, new: Any) -> str:
    whole, gone, instead = txt(text), txt(old), txt(new)
    if not gone:
        return whole
    if len(whole) + whole.count(gone) * (len(instead) - len(gone)) > 32_000:
        raise RefusedError("The text is longer than 32,000 characters.", code="max_length")
    return whole.replace(gone, instead)


def _join(separator: Any, *values: Any) -> str:
    return short(txt(separator).join(txt(value) for value in _flat(values)))


def _date(year: Any, month: Any, day: Any) -> str:
    parts = [min(max(num(part), Decimal(-1)), Decimal(10_000)) for part in (year, month, day)]
    text = "-".join(plain(rounded(part, 0)).rjust(size, "0") for part, size in zip(parts, (4, 2, 2), strict=True))
    return dates.day(text).isoformat()


def _local_date(state: State, parts: Parts) -> str | None:
    value = parts[0](state)
    zone = txt(parts[1](state)) if len(parts) > 1 else state.facts.settings.get("time_zone", "")
    return None if is_blank(value) else dates.local_date(value, dates.zone(zone))


def _add_days(value: Any, days: Any) -> str | None:
    count = int(min(max(num(days), Decimal(-4_000_000)), Decimal(4_000_000)))
    return None if is_blank(value) else dates.later(value, count)


def _part_of_day(part: str) -> Callable[[Any], Decimal]:
    return lambda value: Decimal(getattr(dates.day(value[:10] if value.__class__ is str else value), part))


def _mid(text: Any, start: Any, count: Any) -> str:
    first = max(_count(start), 1) - 1
    return txt(text)[first : first + _count(count)]


_ALL = [
    Function("IF", "IF(condition, then, otherwise)", "One of two values.", _if, 2, 3, lazy=True),
    Function("IFERROR", "IFERROR(value, instead)", "The second value when the first cannot be worked out.", _if_error, 2, 2, lazy=True),
    Function("AND", "AND(a, b, …)", "Yes when all are.", lambda s, p: all(truth(one(s)) for one in p), 1, MANY, lazy=True),
    Function("OR", "OR(a, b, …)", "Yes when one is.", lambda s, p: any(truth(one(s)) for one in p), 1, MANY, lazy=True),
    Function("NOT", "NOT(a)", "The opposite.", lambda value: not truth(value), 1, 1),
    Function("COALESCE", "COALESCE(a, b, …)", "The first that is not blank.", _coalesce, 1, MANY, lazy=True),
    Function("ISBLANK", "ISBLANK(value)", "Yes when there is nothing.", is_blank, 1, 1),
    Function("LEFT", "LEFT(text, count)", "The first characters.", lambda t, n=1: txt(t)[: _count(n)], 1, 2),
    Function("RIGHT", "RIGHT(text, count)", "The last characters.", lambda t, n=1: txt(t)[max(len(txt(t)) - _count(n), 0) :], 1, 2),
    Function("MID", "MID(text, start, count)", "Characters from a place, counted from 1.", _mid, 3, 3),
    Function("LEN", "LEN(text)", "How many characters.", lambda text: Decimal(len(txt(text))), 1, 1),
    Function("TRIM", "TRIM(text)", "Without spaces around, single spaces inside.", lambda text: " ".join(txt(text).split()), 1, 1),
    Function("UPPER", "UPPER(text)", "In capitals.", lambda text: short(txt(text).upper()), 1, 1),
    Function("LOWER", "LOWER(text)", "In small letters.", lambda text: short(txt(text).lower()), 1, 1),
    Function("SUBSTITUTE", "SUBSTITUTE(text, old, new)", "Replaces every occurrence.", _substitute, 3, 3),
    Function("CONCAT", "CONCAT(a, b, …)", "All as one text.", lambda *values: _join("", *values), 1, MANY),
    Function("TEXTJOIN", "TEXTJOIN(between, a, b, …)", "As one text with something between; blanks are left out.", _join, 2, MANY),
    Function("TEXT", 'TEXT(number, "0.00")', "A number as text with that many places.", _text, 2, 2),
    Function("VALUE", "VALUE(text)", "Text as a number.", lambda value: bounded(num(value)), 1, 1),
    Function("ROUND", "ROUND(number, places)", "Rounded half up.", lambda v, n=0: rounded(bounded(num(v)), _places(n)), 1, 2),
    Function("INT", "INT(number)", "The whole number below.", lambda v: bounded(num(v)).quantize(Decimal(1), ROUND_FLOOR, EXACT), 1, 1),
    Function("ABS", "ABS(number)", "Without its sign; of a list, each number.", _absolute, 1, 1),
    Function("MIN", "MIN(a, b, …)", "The smallest number; blanks do not count.", _smallest, 1, MANY),
    Function("MAX", "MAX(a, b, …)", "The largest number; blanks do not count.", _largest, 1, MANY),
    Function("SUM", "SUM(Lines[].Amount)", "The sum of a list or of several values.", _sum, 1, MANY),
    Function("SUMIF", 'SUMIF(Lines[].Type, "A", Lines[].Amount)', "The sum of the amounts whose key equals the value.", _sum_if, 3, 3),
    Function("COUNT", "COUNT(Lines[].Code)", "How many are not blank.", lambda *values: Decimal(len(_flat(values))), 1, MANY),
    Function("ALLSAME", "ALLSAME(Lines[].Code)", "The value when all are equal and none is blank, otherwise blank.", _all_same, 1, MANY),
    Function("LOOKUP", 'LOOKUP("table", key, otherwise)', "The value of a lookup table's row.", _lookup, 2, 3, lazy=True),
    Function("SETTING", 'SETTING("name", otherwise)', "A setting of the connection or flow.", _setting, 1, 2, lazy=True),
    Function("ORIGIN", 'ORIGIN("orders", number)', '"here" if the target brought that record, else "elsewhere".', origin, 2, 2, lazy=True),
    Function("KNOWNAS", 'KNOWNAS("orders", number)', "Another record's number in the target, or blank.", known_as, 2, 2, lazy=True),
    Function("CONTAINS", "CONTAINS(text, part)", "Yes when the part occurs.", lambda text, part: txt(part) in txt(text), 2, 2),
    Function("STARTSWITH", "STARTSWITH(text, part)", "Yes when it begins so.", lambda text, part: txt(text).startswith(txt(part)), 2, 2),
    Function("ENDSWITH", "ENDSWITH(text, part)", "Yes when it ends so.", lambda text, part: txt(text).endswith(txt(part)), 2, 2),
    Function("DATE", "DATE(year, month, day)", "A date.", _date, 3, 3),
    Function(
        "LOCALDATE",
        'LOCALDATE(time, "America/Denver")',
        "The day in a time zone; without one, the company's.",
        _local_date,
        1,
        2,
        lazy=True,
    ),
    Function("ADDDAYS", "ADDDAYS(date, days)", "A date later or earlier.", _add_days, 2, 2),
    Function("DAYSBETWEEN", "DAYSBETWEEN(from, to)", "Days.", lambda a, b: Decimal((dates.day(b) - dates.day(a)).days), 2, 2),
    Function("YEAR", "YEAR(date)", "Its year.", _part_of_day("year"), 1, 1),
    Function("MONTH", "MONTH(date)", "Its month.", _part_of_day("month"), 1, 1),
    Function("DAY", "DAY(date)", "Its day.", _part_of_day("day"), 1, 1),
    Function("BEFORE", "BEFORE(a, b)", "Yes when the first is smaller or earlier.", before, 2, 2),
    Function(
        "POBOX", "POBOX(line, …)", "Yes when a line names a PO box.", lambda *lines: any(is_po_box(txt(one)) for one in lines), 1, MANY
    ),
    Function("MINORUNITS", "MINORUNITS(currency)", "Decimal places of a currency.", lambda code: Decimal(minor_units(code)), 1, 1),
]
FUNCTIONS: dict[str, Function] = {function.name: function for function in _ALL}
"""Name → Function, for the compiler and for the editor's help."""
