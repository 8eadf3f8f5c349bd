"""Row-level policies and composite foreign keys, written as constraints so that migrations see them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.constraints import BaseConstraint

# The company in scope, as PostgreSQL sees it; null when none is set, and then no row matches (fails closed).
COMPANY_SQL = "(SELECT nullif(current_setting('app.company', true), '')::bigint)"
PERSON_SQL = "(SELECT nullif(current_setting('app.person', true), '')::bigint)"


class SqlConstraint(BaseConstraint):
    """A constraint that is plain SQL around a table: created after it, dropped before it."""

    def statements(self, table: str) -> list[str]:
        """Return the SQL that creates the constraint on `table` (already quoted)."""
        raise NotImplementedError

    def undo(self, table: str) -> str:
        """Return the SQL that removes the constraint from `table` (already quoted)."""
        raise NotImplementedError

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: Any) -> Any:
        """Put the SQL behind the CREATE TABLE that is being written; nothing stands inside it."""
        if model is None:
            return
        schema_editor.deferred_sql.extend(self.statements(schema_editor.quote_name(model._meta.db_table)))

    def create_sql(self, model: type[models.Model] | None, schema_editor: Any) -> str:
        """Return the SQL that adds the constraint to a table that exists."""
        if model is None:
            return ""
        return ";\n".join(self.statements(schema_editor.quote_name(model._meta.db_table)))

    def remove_sql(self, model: type[models.Model] | None, schema_editor: Any) -> str:
        """Return the SQL that removes the constraint."""
        if model is None:
            return ""
        return self.undo(schema_editor.quote_name(model._meta.db_table))

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Leave the check to the database: no form can see what another company holds."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SqlConstraint):
            return NotImplemented
        return self.deconstruct() == other.deconstruct()

    __hash__ = BaseConstraint.__hash__


class RowPolicy(SqlConstraint):
    """A row-level policy; the table's row-level security is forced, so that its owner is bound too.

    `using` is SQL over the table's columns; `role` is "" for everybody or "wide" for the role behind the wide door.
    """

    def __init__(self, *, name: str, using: str, command: str = "ALL", role: str = "", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.using, self.command, self.role = using, command, role

    def statements(self, table: str) -> list[str]:
        """Enable and force row-level security and create the policy."""
        role = f" TO {settings.WIDE_ROLE}" if self.role == "wide" else f" TO {self.role}" if self.role else ""
        check = "" if self.command in {"SELECT", "DELETE"} else f" WITH CHECK ({self.using})"
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f'CREATE POLICY "{self.name}" ON {table} FOR {self.command}{role} USING ({self.using}){check}',
        ]

    def undo(self, table: str) -> str:
        """Drop the policy; row-level security stays on, so the table is closed and not open."""
        return f'DROP POLICY "{self.name}" ON {table}'

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Tell migrations how to write this constraint down."""
        path, _args, kwargs = super().deconstruct()
        kwargs |= {"using": self.using}
        if self.command != "ALL":
            kwargs["command"] = self.command
        if self.role:
            kwargs["role"] = self.role
        return path, (), kwargs


class SameCompany(SqlConstraint):
    """A foreign key of two columns, (company, field): what a row points to belongs to its own company."""

    def __init__(self, *, name: str, field: str, to: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.field, self.to = field, to

    def statements(self, table: str) -> list[str]:
        """Create the composite foreign key, checked at commit like Django's own."""
        app, model = self.to.lower().split(".")
        return [
            f'ALTER TABLE {table} ADD CONSTRAINT "{self.name}" FOREIGN KEY (company_id, "{self.field}_id")'
            f' REFERENCES "{app}_{model}" (company_id, id) DEFERRABLE INITIALLY DEFERRED'
        ]

    def undo(self, table: str) -> str:
        """Drop the foreign key."""
        return f'ALTER TABLE {table} DROP CONSTRAINT "{self.name}"'

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Tell migrations how to write this constraint down."""
        path, _args, kwargs = super().deconstruct()
        return path, (), kwargs | {"field": self.field, "to": self.to}
