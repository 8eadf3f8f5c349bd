"""The files that the walk applies: each person's own, with a line that everybody may write who may load at all."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests import factories
from tests.factories import NOW

FILES = {"user_file", "division_file"}
COMPANY = {
    "legal_name": "Delta", "principal_last_name": "Dupont", "principal_first_name": "Zoe",
    "principal_email": "zoe@delta.example", "principal_phone": "081550440",
}  # fmt: skip
NUMBER = {
    "customer_number": "00899999", "name": "Delta", "recipient": "Delta", "street": "Rue 1", "postal_code": "5000",
    "town": "Namur",
}  # fmt: skip


def _user(world: Any) -> dict[str, str]:
    """Return a user who holds so little that each person may create them."""
    number = world.numbers["one"].number
    return {
        "last_name": "NIEUW", "first_name": "AN", "email": "nieuw@people.example", "phone": "0470123456",
        "profile": "consultation", "applications": "requests", "customer_numbers": number,
        "divisions": f"{number}: {world.divisions['north'].name}",
    }  # fmt: skip


def prepare(world: Any, mark: str) -> None:
    """Make a checked file of each kind for everybody, for a colleague, and in Borea; and a company that waits."""
    division = {"customer_number": world.numbers["one"].number, "name": "Garage"}
    kinds = (
        ("user_file", "accounts.users", {"users": [_user(world)]}),
        ("division_file", "accounts.divisions", {"divisions": [division]}),
    )
    colleague = factories.member(world.acme, "Clio", principal=False).user
    for name, kind, lines in kinds:
        for persona, person in world.people.items():
            company = world.borea if persona == "ben" else world.acme
            world.ids[f"{name}/{persona}", "own"] = factories.import_file(company, person, kind, lines).pk
        world.ids[name, "colleague"] = factories.import_file(world.acme, colleague, kind, lines).pk
        foreign = factories.import_file(world.borea, world.people["ben"], kind, lines, file_name=f"{mark}.xlsx").pk
        world.ids[name, "own"] = world.ids[name, "other_company"] = foreign
        abby = factories.import_file(world.borea, world.people["abby"], kind, lines, file_name=f"{mark}.xlsx").pk
        world.ids[f"{name}/abby", "other_company"] = abby
    loaded = {"company": [COMPANY], "numbers": [NUMBER]}
    world.ids["company_file", "own"] = factories.import_file(None, world.people["otto"], "accounts.company", loaded).pk
    waiting = factories.company("Waiting", initialised_at=None)
    factories.invitation(factories.member(waiting, "Willem", principal=True, invited_at=NOW))
    world.ids["waiting_company", "own"] = waiting.pk


def body(world: Any, name: str) -> dict[str, Any] | None:
    """Return a file to upload, or None for a page of another kind."""
    number = world.numbers["one"].number
    user = _user(world)
    loaded = {"sheet": "company", **COMPANY}
    text = {
        "account:import_users": ";".join(user) + "\n" + ";".join(user.values()),
        "account:import_divisions": f"customer_number;name\n{number};Garage",
        "operator:load_company": "\n".join(
            ";".join({**dict.fromkeys([*loaded, *NUMBER], ""), **line}.values())
            for line in (
                {one: one for one in [*loaded, *NUMBER]}, loaded, {"sheet": "numbers", **NUMBER},
            )
        ),
    }.get(name)  # fmt: skip
    return None if text is None else {"file": SimpleUploadedFile("file.csv", text.encode(), "text/csv")}
