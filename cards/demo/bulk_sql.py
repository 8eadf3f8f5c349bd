"""The one statement that makes many cards: every value is arithmetic on the running number `i`, nothing is drawn.

What depends on one another is derived in steps (`base`, `aged`, `made`, `plastic`), so that each card is one that the
portal could have made: an active plastic is not expired, a block comes after the dispatch, a card shows what its issue
says. Multipliers are primes, so that neighbours in one column are strangers in another.

Each issue, and each request, has one audit entry `cards.seeded` or `requests.seeded` that says the status it was given:
decision 36 is kept in its weakest form, since a million histories would be four million entries.
"""

from __future__ import annotations

# Of each 1,000 cards; the first 5 % of the active ones have their request still in the list.
STATUS_SHARES = {
    "active": 850,
    "new": 20,
    "in_creation": 30,
    "blocked": 50,
    "expired": 35,
    "withdrawn": 15,
}

_STEPS = """
    WITH base AS (
        SELECT
            %(first)s + n.k - 1 AS i,
            n.number AS given,
            n.product AS product_id,
            mod((%(first)s + n.k - 1) * 7919, 1000) AS share
        FROM unnest(%(numbers)s::text[], %(products)s::bigint[]) WITH ORDINALITY AS n (number, product, k)
    ),
    aged AS (
        SELECT *,
            CASE WHEN share < 850 THEN 'active' WHEN share < 870 THEN 'new' WHEN share < 900 THEN 'in_creation'
                WHEN share < 950 THEN 'blocked' WHEN share < 985 THEN 'expired' ELSE 'withdrawn' END AS status,
            share < 50 OR share BETWEEN 850 AND 899 AS requested,
            mod(i * 104729, 20) AS dice,
            mod(i * 611953, 17576000) AS plate,
            %(now)s::timestamptz - make_interval(mins => (CASE
                WHEN share < 850 THEN 12 * 1440 + mod(i * 1299709, 1368 * 1440)
                WHEN share < 870 THEN 10 + mod(i * 37, 1380) + CASE WHEN mod(i, 50) = 0 THEN 600 ELSE 0 END
                WHEN share < 900 THEN 2 * 1440 + mod(i * 131, 8 * 1440)
                WHEN share < 950 THEN 40 * 1440 + mod(i * 15485863, 1340 * 1440)
                WHEN share < 985 THEN 1500 * 1440 + mod(i * 15485863, 400 * 1440)
                ELSE 5 * 1440 + mod(i * 15485863, 900 * 1440) END)::int) AS ordered_at
        FROM base
    ),
    made AS (
        SELECT *,
            CASE WHEN dice < 17 THEN 'vehicle' WHEN dice < 19 THEN 'driver' ELSE 'pool' END AS category,
            CASE WHEN status IN ('new', 'withdrawn') THEN '' ELSE given END AS number,
            CASE WHEN status NOT IN ('new', 'withdrawn') THEN ordered_at + interval '20 hours' END AS dispatched_at,
            (ARRAY['diesel', 'petrol95', 'electricity', 'diesel', 'cng'])[1 + mod(i, 5)] AS fuel,
            1 + mod(i * 3571, cardinality(%(place_numbers)s::bigint[])) AS place,
            1 + mod(i * 7907, cardinality(%(drivers)s::bigint[])) AS driving
        FROM aged
    ),
    plastic AS MATERIALIZED (
        SELECT *,
            nextval('cards_card_id_seq') AS card_id,
            nextval('cards_issue_id_seq') AS issue_id,
            CASE WHEN requested THEN nextval('cards_request_id_seq') END AS asked_id,
            CASE category
                WHEN 'vehicle' THEN (1 + mod(i, 2)) || '-' || chr((65 + plate / 676000)::int)
                    || chr((65 + mod(plate / 26000, 26))::int) || chr((65 + mod(plate / 1000, 26))::int)
                    || '-' || lpad(mod(plate, 1000)::text, 3, '0')
                WHEN 'driver' THEN upper((%(driver_names)s::text[])[driving])
                ELSE 'POOL ' || lpad(i::text, 7, '0') END AS printed_as,
            CASE WHEN category = 'driver' OR (category = 'vehicle' AND mod(i, 2) = 0)
                THEN (%(drivers)s::bigint[])[driving] END AS driver_id,
            CASE WHEN category = 'driver' OR (category = 'vehicle' AND mod(i, 2) = 0)
                THEN (%(driver_names)s::text[])[driving] END AS driver_name,
            (%(place_numbers)s::bigint[])[place] AS customer_number_id,
            (%(place_divisions)s::bigint[])[place] AS division_id,
            'CC-' || 100 + mod(i, 40) AS cost_centre,
            (dispatched_at AT TIME ZONE 'Europe/Brussels')::date AS made_on,
            (date_trunc('month', dispatched_at AT TIME ZONE 'Europe/Brussels')
                + make_interval(months => %(validity)s + 1) - interval '1 day')::date AS expires_on,
            CASE WHEN status IN ('active', 'blocked', 'expired')
                THEN dispatched_at + make_interval(hours => (40 + mod(i, 90))::int) END AS activated_at,
            CASE WHEN status = 'blocked' THEN %(now)s::timestamptz
                - make_interval(mins => mod(i * 7919, 30 * 1440)::int) END AS blocked_at
        FROM made
    ),
    worded AS MATERIALIZED (
        SELECT *, lower(concat_ws(' ', printed_as, NULLIF(translate(printed_as, '- ', ''), printed_as),
            NULLIF(number, ''), driver_name, cost_centre)) AS words
        FROM plastic
    ),
"""

_ROWS = """
    card AS (
        INSERT INTO cards_card (id, company_id, customer_number_id, division_id, product_id, number, category,
            printed_as, plate_country, driver_id, extra_mention, cost_centre, products, code_type, tank_capacity,
            vehicle_type, odometer_entry, forbidden_days, hours_from, hours_until, area, countries, max_transactions,
            max_transactions_period, max_amount, min_minutes_between, recipient, street, postal_code, town, country,
            status, rank, expires_on, dispatched_at, live, renewal_status, last_used_on, created_at, version)
        SELECT card_id, %(company)s, customer_number_id, division_id, product_id, number, category,
            printed_as, CASE category WHEN 'vehicle' THEN 'BE' ELSE '' END, driver_id, '', cost_centre,
            ARRAY[fuel, 'adblue', 'wash'], CASE WHEN mod(i, 7) = 0 THEN 'personal' ELSE 'calculated' END,
            CASE WHEN mod(i, 3) = 0 THEN 45 + mod(i, 40) END,
            (ARRAY['car', 'van', 'lorry', ''])[1 + mod(i, 4)], mod(i, 3) = 1,
            CASE WHEN mod(i, 3) = 0 THEN ARRAY[6, 7]::smallint[] ELSE ARRAY[]::smallint[] END,
            CASE WHEN mod(i, 5) = 0 THEN time '05:00' END, CASE WHEN mod(i, 5) = 0 THEN time '22:00' END,
            (ARRAY['everywhere', 'home', 'chosen'])[1 + mod(i, 3)],
            CASE WHEN mod(i, 3) = 2 THEN ARRAY['BE', 'FR', 'NL']::varchar[] ELSE ARRAY[]::varchar[] END,
            CASE WHEN mod(i, 4) = 0 THEN 3 END, CASE WHEN mod(i, 4) = 0 THEN 'day' ELSE '' END,
            CASE WHEN mod(i, 6) = 0 THEN 250.00 END, CASE WHEN mod(i, 6) = 0 THEN 30 END,
            %(recipient)s, %(street)s, %(postal_code)s, %(town)s, 'BE',
            status, 1, expires_on, dispatched_at, status IN ('active', 'in_creation'), 'none',
            CASE WHEN activated_at IS NOT NULL AND mod(i, 10) <> 0
                THEN GREATEST(made_on, LEAST(expires_on, blocked_at::date, %(today)s::date - mod(i, 60)::int)) END,
            ordered_at, 1
        FROM worded
    ),
    issue AS (
        INSERT INTO cards_issue (id, company_id, card_id, rank, status, ordered_at, made_on, expires_on, dispatched_at,
            tracking, activated_at, blocked_at, block_reason)
        SELECT issue_id, %(company)s, card_id, 1, status, ordered_at, made_on, expires_on, dispatched_at,
            CASE WHEN dispatched_at IS NULL THEN '' ELSE 'BE' || lpad(i::text, 10, '0') END, activated_at, blocked_at,
            CASE WHEN blocked_at IS NULL THEN ''
                ELSE (ARRAY['theft', 'loss', 'not_received', 'defective'])[1 + mod(i, 4)] END
        FROM worded
    ),
    ceiling AS (
        INSERT INTO cards_cardlimit (company_id, card_id, product, amount, unit, period, on_reach)
        SELECT %(company)s, card_id, fuel, 150 + 25 * mod(i, 20), 'eur', 'month',
            CASE WHEN mod(i, 3) = 0 THEN 'notify' ELSE 'block' END
        FROM worded
        UNION ALL
        SELECT %(company)s, card_id, 'wash', 20 + 5 * mod(i, 5), 'eur', 'week', 'block' FROM worded WHERE mod(i, 2) = 0
    ),
    request AS (
        INSERT INTO cards_request (id, company_id, customer_number_id, division_id, kind, label, card_id, subject_kind,
            subject_id, status, accepted_at, due_at, started_at, ended_at, reason, requested_by_id)
        SELECT asked_id, %(company)s, customer_number_id, division_id, 'new_card', printed_as, card_id, 'cards.issue',
            issue_id, CASE status WHEN 'new' THEN 'received' ELSE 'dispatched' END, ordered_at,
            ordered_at + interval '24 hours',
            CASE WHEN dispatched_at IS NOT NULL THEN ordered_at + interval '3 hours' END, dispatched_at, '',
            %(requested_by)s
        FROM worded WHERE requested
    ),
    found AS (
        INSERT INTO core_searchentry (company_id, kind, object_id, customer_number_id, division_id, text)
        SELECT %(company)s, 'cards.card', card_id, customer_number_id, division_id, words FROM worded
        UNION ALL
        SELECT %(company)s, 'cards.request', asked_id, customer_number_id, division_id,
            'r' || lpad(asked_id::text, GREATEST(8, length(asked_id::text)), '0') || ' ' || words
        FROM worded WHERE requested
    )
    INSERT INTO core_auditentry (company_id, at, actor_label, request_id, verb, kind, object_id, object_label, before,
        after)
    SELECT %(company)s, %(now)s::timestamptz, %(actor)s, '', 'cards.seeded', 'cards.issue', issue_id, '', '{}'::jsonb,
        jsonb_build_object('status', status, 'rank', 1)
    FROM worded
    UNION ALL
    SELECT %(company)s, %(now)s::timestamptz, %(actor)s, '', 'requests.seeded', 'cards.request', asked_id, '',
        '{}'::jsonb, jsonb_build_object('status', CASE status WHEN 'new' THEN 'received' ELSE 'dispatched' END)
    FROM worded WHERE requested
"""

INSERT_CARDS = _STEPS + _ROWS
