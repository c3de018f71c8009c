"""The stand-in's chart of accounts and its fiscal periods: what they hold, and whether something may be posted there."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox
from connectors.tims.standin import documents
from connectors.tims.standin.checks import Flaw, flaw

CHART = Router()
ACCOUNTS, PERIODS = "gl_accounts", "fiscal_periods"
NAMES = {
    "1010": "Bank", "1100": "Accounts receivable", "1105": "Marketplace clearing", "1115": "Marketplace reserve", "1200": "Inventory",
    "2200": "Sales tax payable", "2210": "Facilitator tax clearing", "4000": "Sales", "4010": "Shipping income", "4020": "Gift wrap income",
    "4900": "Discounts", "4910": "Returns", "5000": "Cost of goods", "6100": "Commission", "6110": "Fulfilment fees", "6120": "Storage",
    "6130": "Refund administration fees", "6140": "Subscription", "6150": "Advertising", "6190": "Write-off",
    "6900": "Exchange differences", "7100": "Other income", "9990": "Suspense",
}  # fmt: skip
TYPES = {"1": "Asset", "2": "Liability", "4": "Revenue", "5": "Expense", "6": "Expense", "7": "Revenue", "9": "Asset"}
CONTRA = ("4900", "4910")
YEARS = range(2022, 2032)


def declare(box: Sandbox) -> None:
    """The order of accounts and periods."""
    for kind in (ACCOUNTS, PERIODS):
        box.book.order(kind, lambda row: str(row["UpdatedAt"]))


def seed(box: Sandbox) -> None:
    """The accounts of the entity map, 12, and ten years of open months; what is there already stays."""
    for code, name in NAMES.items():
        kind = TYPES[code[0]]
        side = "Credit" if kind in ("Liability", "Revenue") and code not in CONTRA else "Debit"
        row: Row = {"AccountCode": code, "Name": name, "Type": kind, "NormalSide": side, "Postable": True, "Currency": None, "Active": True}
        if not box.book.has(ACCOUNTS, code):
            documents.save(box, ACCOUNTS, code, row, changed=[])
    for year in YEARS:
        for month in range(1, 13):
            period = f"{year}-{month:02d}"
            last = f"{period}-{monthrange(year, month)[1]:02d}"
            if not box.book.has(PERIODS, period):
                about = {"Period": period, "StartDate": f"{period}-01", "EndDate": last, "Status": "Open"}
                documents.save(box, PERIODS, period, about, changed=[])


@CHART.on("GET", "/api/v1/gl_accounts")
def list_accounts(box: Sandbox, request: Request) -> Response:
    """Delta list."""
    return documents.listing(box, request, ACCOUNTS, _all)


@CHART.on("GET", "/api/v1/fiscal_periods")
def list_periods(box: Sandbox, request: Request) -> Response:
    """Delta list."""
    return documents.listing(box, request, PERIODS, _all)


def _all(query: dict[str, list[str]]) -> Callable[[Row], bool]:
    return lambda row: True


def open_period(box: Sandbox, date: str) -> str:
    """The period of a posting date. Raises Refusal 422 `period_closed`."""
    found = box.book.get(PERIODS, date[:7]) or {"Period": date[:7], "Status": "not set up"}
    if found["Status"] != "Open":
        words = f"Period {found['Period']} is {found['Status']}."
        entry = flaw("PostingDate", "invalid_choice", words, date)
        raise Refusal(422, "period_closed", words, Fields=[entry], Period=found["Period"], PeriodStatus=found["Status"])
    return str(found["Period"])


def account_flaws(box: Sandbox, code: str, at: str, currency: str) -> list[Flaw]:
    """Whether an account can be posted to in a currency."""
    account = box.book.get(ACCOUNTS, code)
    if account is None:
        return [flaw(at, "not_found", f"Account {code} does not exist.", code)]
    if not account["Active"]:
        return [flaw(at, "inactive", f"Account {code} is inactive.", code)]
    if not account["Postable"]:
        return [flaw(at, "account_not_postable", f"Account {code} cannot be posted to.", code)]
    if account.get("Currency") and account["Currency"] != currency:
        return [flaw(at, "currency_mismatch", f"Account {code} takes {account['Currency']} only.", code)]
    return []


def dimension_flaws(box: Sandbox, line: Row, path: str) -> list[Flaw]:
    """What the account of a line demands (its `_Dimensions`) and the line does not have."""
    code = line["AccountCode"]
    missing = [name for name in (box.book.get(ACCOUNTS, code) or {}).get("_Dimensions") or () if not line.get(name)]
    return [flaw(f"{path}.{name}", "dimension_required", f"Account {code} demands {name}.", code) for name in missing]
