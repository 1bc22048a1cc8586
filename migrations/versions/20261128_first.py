"""Tables, indexes, row-level security and guards: the first release, from `migrations/first`.

Nothing had been deployed when it was written: the steps that led here are in the history of git.
"""

from pathlib import Path

from alembic import op

revision = "20261128_first"
down_revision = None
branch_labels = None
depends_on = None

FILES = ("tables", "indexes", "tenants_apart", "guards", "chains", "searches")
EVERYTHING = """
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT oid::regclass AS name FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                  AND relname <> 'alembic_version' LOOP
        EXECUTE format('DROP TABLE %s CASCADE', one.name);
    END LOOP;
    FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
                WHERE pronamespace = 'public'::regnamespace LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', one.name);
    END LOOP;
END $$
"""


def upgrade() -> None:
    for name in FILES:
        path = Path(__file__).parents[1] / "first" / f"{name}.sql"
        op.execute(path.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(EVERYTHING)
