"""Companies, users and memberships (domain/accounts.md), a module for each kind of thing."""

from accounts.models.companies import (
    IDENTIFIER,
    Address,
    Company,
    CustomerNumber,
    FleetDivision,
    new_identifier,
)
from accounts.models.memberships import Membership, MembershipDivision, MembershipNumber
from accounts.models.people import OldPassword, SignInCounter, User, UserManager

__all__ = [
    "IDENTIFIER",
    "Address",
    "Company",
    "CustomerNumber",
    "FleetDivision",
    "Membership",
    "MembershipDivision",
    "MembershipNumber",
    "OldPassword",
    "SignInCounter",
    "User",
    "UserManager",
    "new_identifier",
]
