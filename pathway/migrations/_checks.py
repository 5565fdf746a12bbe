"""Column checks, made anew from the fields: Django compares a field's own `db_check` with nothing when a field is
altered, so that a changed limit or list of codes would never reach the database.
"""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OURS = "pathway.models.fields"


def renew_checks(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Replace the CHECK of every column whose type is ours by what its field says now."""
    for model in apps.get_app_config("pathway").get_models():
        named = {constraint.name for constraint in model._meta.constraints}
        for field in model._meta.local_concrete_fields:
            if type(field).__module__ == OURS:
                _renew(schema_editor, model, field, named)


def _renew(editor: Any, model: Any, field: Any, named: set[str]) -> None:
    table, column = model._meta.db_table, field.column
    check = field.db_check(editor.connection)
    for name in editor._constraint_names(model, [column], check=True, exclude=named):
        editor.execute(editor._delete_check_sql(model, name))
    if check:
        quoted = editor.quote_name(f"{table}_{column}_check"[:63])
        editor.execute(f"ALTER TABLE {editor.quote_name(table)} ADD CONSTRAINT {quoted} CHECK ({check})")
