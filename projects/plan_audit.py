"""What `verify_board` asks of ideas, specs and tasks: whether their history gives what they show."""

from typing import Any

from jobs import db, ports
from jobs.ports import Disagreement, Found

MOST = 10_000
"""So many of the newest rows of each table are compared."""
_TABLES = {"idea": "plan_idea", "spec": "plan_spec", "task": "plan_task"}
_MOVES = " UNION ALL ".join(
    f"""
(SELECT '{word} ' || p.id, 'it is ' || p.state, 'its moves end at ' || coalesce(c.new, 'nothing'), p.moved_at
 FROM (SELECT * FROM {table} ORDER BY id DESC LIMIT %(most)s) p LEFT JOIN LATERAL (
   SELECT new FROM plan_change WHERE {word}_id = p.id AND new <> '' ORDER BY id DESC LIMIT 1) c ON true
 WHERE c.new IS DISTINCT FROM p.state)"""  # noqa: S608 — no text from outside
    for word, table in _TABLES.items()
)
_ENDS = """
SELECT 'task ' || p.id, 'it is COMPLETED without an override', 'required boxes are open', p.moved_at
FROM (SELECT * FROM plan_task ORDER BY id DESC LIMIT %(most)s) p
WHERE p.state = 'COMPLETED' AND p.override = ''
  AND EXISTS (SELECT FROM plan_item i WHERE i.task_id = p.id AND i.required AND i.done_at IS NULL)
"""
_GUARDS = """
SELECT 'trigger ' || tgname || ' of ' || tgrelid::regclass, 'it guards what is planned', 'it is off', NULL
FROM pg_trigger WHERE tgrelid IN (
  'plan_idea'::regclass, 'plan_spec'::regclass, 'plan_task'::regclass, 'plan_item'::regclass,
  'plan_change'::regclass)
AND NOT tgisinternal AND tgenabled = 'D'
"""


def register() -> None:
    """This function will have `verify_board` compare what is planned with its history."""
    ports.audits.register("plans and their moves", compare)


def compare(raw: Any) -> Found:
    """This function will tell which words no move led to, and which ends are not whole."""
    found = db.rows(raw, f"{_MOVES} UNION ALL {_ENDS} UNION ALL {_GUARDS}", {"most": MOST})
    return Found(f"the {MOST:,} newest of each", [Disagreement._make(row) for row in found])
