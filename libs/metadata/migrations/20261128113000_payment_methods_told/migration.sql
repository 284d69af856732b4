-- The members of a row that may be told, of those that changed. A payment method is told as people know it: what the provider calls it is not.
CREATE OR REPLACE FUNCTION audit_members(shown text[], changed text[], full_row jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_object_agg(m.key, CASE
    WHEN m.key = 'method' AND jsonb_typeof(m.value) = 'object' THEN m.value - 'reference'
    ELSE m.value
  END) FROM jsonb_each(full_row) AS m
  WHERE m.key = ANY (shown) AND m.key = ANY (changed)
$$;
