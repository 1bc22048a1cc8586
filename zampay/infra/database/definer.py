"""Functions of the database that run with its owner's rights: the narrow ways across tenants.

Row-level security shows a transaction one tenant. What has to be found before the tenant is known,
or over all of them, is asked through one of these, which give away only the columns that they name.
The release step makes them anew after every migration (see `zampay.privileges`).
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

EVERY_TENANT_SETTING: Final = "zampay.every_tenant"
"""`on` shows every row, and only to the owner of the tables: policies ask `sees_every_tenant()`."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `gives` are its columns; `body` is one query, which names tables with their
    schema. `plans_anew` plans each call for what it takes; otherwise PostgreSQL keeps one plan for
    all from the sixth call of a connection on.
    """

    name: str
    takes: str
    gives: str
    body: str
    changes_rows: bool = False
    plans_anew: bool = False

    @property
    def parameters(self) -> list[str]:
        """The names of what it takes."""
        return [one.split()[0] for one in self.takes.split(", ") if one]

    def call(self) -> str:
        """`name(:first, :second)`, for a statement of SQLAlchemy."""
        return f"{self.name}({', '.join(f':{name}' for name in self.parameters)})"

    def rows(self) -> sa.TextClause:
        """A statement that reads what the function gives."""
        return sa.text(f"SELECT * FROM {self.call()}")  # noqa: S608 - names are ours

    def definition(self) -> str:
        """The statement that makes it.

        Its search path ends with `pg_temp`, so that no temporary object of the caller stands in for
        one of ours. The setting is put back before it returns, for a platform on which one role is
        owner and caller; only a superuser could name it in the function's head.
        """
        return f"""
            CREATE FUNCTION public.{self.name}({self.takes}) RETURNS TABLE ({self.gives})
            LANGUAGE plpgsql {"VOLATILE" if self.changes_rows else "STABLE"} SECURITY DEFINER
            SET search_path = pg_catalog, public, pg_temp
            {"SET plan_cache_mode = force_custom_plan" if self.plans_anew else ""}
            AS $function$
            #variable_conflict use_column
            DECLARE
                before text := coalesce(current_setting('{EVERY_TENANT_SETTING}', true), '');
            BEGIN
                PERFORM set_config('{EVERY_TENANT_SETTING}', 'on', true);
                RETURN QUERY {self.body};
                PERFORM set_config('{EVERY_TENANT_SETTING}', before, true);
            END $function$
        """
