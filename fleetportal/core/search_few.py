"""The database's search for a few of many: what the search box asks with each key that is pressed."""

from __future__ import annotations

# A cap up to this is "a few".
FEW = 200

# Which words are frequent in one company the planner can't know: for a frequent one it builds a bitmap of everybody's
# rows, and for a rare one it reads the whole company in the hope of a quick hit. Here the newest few thousand rows are
# looked at first, where frequent words are found at once; what is not found there is rare, and the trigrams find it:
# unless these rows were all there are, since what is rare among a few users may be frequent among a million cards.
# Newest first in both. Fenced as portal_search() is; words without three letters go there.
CREATE_FUNCTION = """
CREATE FUNCTION portal_search_few(words text[], wanted_kind text, numbers bigint[], divisions bigint[], cap integer)
RETURNS TABLE (object_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public SET enable_indexscan = on SET enable_indexonlyscan = on SET enable_seqscan = on
AS $$
DECLARE
    company bigint := nullif(current_setting('app.company', true), '')::bigint;
    found bigint[];
    more boolean := false;
    word text;
    fence text;
    likes text := '';
BEGIN
    IF company IS NULL THEN
        RETURN;
    END IF;
    IF (SELECT max(length(w)) < 3 FROM unnest(words) w) THEN
        RETURN QUERY SELECT s.object_id FROM portal_search(words, wanted_kind, numbers, divisions, cap) s;
        RETURN;
    END IF;
    fence := format('s.company_id = %s AND s.kind = %L', company, wanted_kind);
    FOREACH word IN ARRAY words LOOP
        word := replace(replace(replace(word, '\\', '\\\\'), '%', '\\%'), '_', '\\_');
        likes := likes || format(' AND s.text LIKE %L', '%' || word || '%');
    END LOOP;
    IF numbers IS NOT NULL THEN
        likes := likes || format(' AND s.customer_number_id = ANY(%L::bigint[])', numbers);
    END IF;
    IF divisions IS NOT NULL THEN
        likes := likes || format(' AND s.division_id = ANY(%L::bigint[])', divisions);
    END IF;
    EXECUTE format(
        'SELECT array_agg(few.object_id) FROM (SELECT s.object_id FROM (SELECT * FROM core_searchentry s WHERE %s'
        ' ORDER BY s.company_id DESC, s.kind DESC, s.object_id DESC LIMIT 5000) s WHERE true%s LIMIT %s) few',
        fence, likes, cap) INTO found;
    IF coalesce(array_length(found, 1), 0) < cap THEN
        EXECUTE format('SELECT EXISTS (SELECT s.object_id FROM core_searchentry s WHERE %s'
            ' ORDER BY s.company_id DESC, s.kind DESC, s.object_id DESC OFFSET 5000 LIMIT 1)', fence) INTO more;
    END IF;
    IF more THEN
        PERFORM set_config('enable_indexscan', 'off', true), set_config('enable_indexonlyscan', 'off', true),
            set_config('enable_seqscan', 'off', true);
        EXECUTE format(
            'SELECT array_agg(few.object_id) FROM (SELECT s.object_id FROM core_searchentry s WHERE %s%s LIMIT %s) few',
            fence, likes, cap) INTO found;
    END IF;
    RETURN QUERY SELECT one FROM unnest(found) one;
END
$$
"""
DROP_FUNCTION = "DROP FUNCTION portal_search_few(text[], text, bigint[], bigint[], integer)"
