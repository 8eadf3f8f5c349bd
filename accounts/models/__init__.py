"""Companies, users and memberships (domain/accounts.md), a module for each kind of thing."""

from accounts.models.addresses import EmailChange, MobileNumber, OldLogin, TextMessage
from accounts.models.companies import (
    IDENTIFIER,
    Address,
    Company,
    CustomerNumber,
    FleetDivision,
    new_identifier,
)
from accounts.models.conditions import Acceptance, ConditionsVersion
from accounts.models.invitations import Invitation
from accounts.models.memberships import Membership, MembershipDivision, MembershipNumber
from accounts.models.multipass import MultipassRequest
from accounts.models.notices import Notice, NoticeChoice, NoticeRecipient
from accounts.models.people import OldPassword, SignInCounter, User, UserManager

__all__ = [
    "IDENTIFIER",
    "Acceptance",
    "Address",
    "Company",
    "ConditionsVersion",
    "CustomerNumber",
    "EmailChange",
    "FleetDivision",
    "Invitation",
    "Membership",
    "MembershipDivision",
    "MembershipNumber",
    "MobileNumber",
    "MultipassRequest",
    "Notice",
    "NoticeChoice",
    "NoticeRecipient",
    "OldLogin",
    "OldPassword",
    "SignInCounter",
    "TextMessage",
    "User",
    "UserManager",
    "new_identifier",
]
