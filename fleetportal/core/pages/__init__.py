"""Page kinds: a page is a class with a permission and a few attributes."""

from fleetportal.core.pages.base import CompanyPage, OperatorPage, Page, PersonPage
from fleetportal.core.pages.columns import (
    Badge,
    Choice,
    Column,
    Date,
    Due,
    Link,
    Masked,
    Moment,
    Number,
    Several,
    Text,
    Translated,
)
from fleetportal.core.pages.detail import DetailPage
from fleetportal.core.pages.forms import ActionPage, FormPage
from fleetportal.core.pages.listing import ListPage

__all__ = [
    "ActionPage",
    "Badge",
    "Choice",
    "Column",
    "CompanyPage",
    "Date",
    "DetailPage",
    "Due",
    "FormPage",
    "Link",
    "ListPage",
    "Masked",
    "Moment",
    "Number",
    "OperatorPage",
    "Page",
    "PersonPage",
    "Several",
    "Text",
    "Translated",
]
