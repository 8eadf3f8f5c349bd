"""Test data in few words: companies, the named people, and cards in any status, written straight into the tables.

Each function enters the wide door itself, so that it can be called inside or outside of a scope. What a test does not
name is filled with something valid; a counter keeps numbers, plates and addresses apart.

The people: Ada administers Acme and is its principal user, Max manages, Cora consults, Fay keeps the books; Ben is the
principal user of Borea, a stranger; Vera is that of Cedar, which has not started yet; Otto is the operator.
"""

from tests.factories.basis import NOW, PASSWORD
from tests.factories.examples import EXAMPLES
from tests.factories.fleet import (
    aside_line,
    card,
    card_product,
    document,
    driver,
    issue,
    limit,
    maker_file,
    production_batch,
    vehicle,
)
from tests.factories.kernel import (
    audit_entry,
    bulk_batch,
    download,
    draft,
    import_file,
    outgoing_mail,
    saved_view,
    search_entry,
    stored_file,
    work_item,
)
from tests.factories.people import (
    IDENTIFIERS,
    PEOPLE,
    acceptance,
    company,
    conditions,
    customer_number,
    division,
    invitation,
    member,
    multipass_request,
    notice,
    operator,
    user,
)

__all__ = [
    "EXAMPLES",
    "IDENTIFIERS",
    "NOW",
    "PASSWORD",
    "PEOPLE",
    "acceptance",
    "aside_line",
    "audit_entry",
    "bulk_batch",
    "card",
    "card_product",
    "company",
    "conditions",
    "customer_number",
    "division",
    "document",
    "download",
    "draft",
    "driver",
    "import_file",
    "invitation",
    "issue",
    "limit",
    "maker_file",
    "member",
    "multipass_request",
    "notice",
    "operator",
    "outgoing_mail",
    "production_batch",
    "saved_view",
    "search_entry",
    "stored_file",
    "user",
    "vehicle",
    "work_item",
]
