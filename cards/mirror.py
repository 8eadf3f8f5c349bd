"""What a card shows of its issues, kept beside it so that a list of a hundred thousand needs no join."""

from __future__ import annotations

from django.db import connection

# Materialized, so that no wrong guess of how many rows there are makes the planner run it once per card.
# A withdrawn issue never became a plastic, so the newest of the others speaks for the card; if there is none, it does.
_REFRESH = """
    WITH touched AS MATERIALIZED (SELECT DISTINCT card_id FROM cards_issue WHERE id = ANY(%s)),
    newest AS MATERIALIZED (
        SELECT DISTINCT ON (i.card_id) i.card_id, i.status, i.rank, i.expires_on, i.dispatched_at,
            bool_or(i.status IN ('in_creation', 'active')) OVER (PARTITION BY i.card_id) AS live
        FROM cards_issue i JOIN touched USING (card_id)
        ORDER BY i.card_id, (i.status = 'withdrawn'), i.rank DESC
    )
    UPDATE cards_card c
    SET status = n.status, rank = n.rank, expires_on = n.expires_on, dispatched_at = n.dispatched_at, live = n.live
    FROM newest n WHERE c.id = n.card_id
"""


def refresh_cards(issue_ids: list[int]) -> None:
    """Bring the cards of these issues up to date; called by the lifecycle in the transaction that moved them."""
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, [issue_ids])
