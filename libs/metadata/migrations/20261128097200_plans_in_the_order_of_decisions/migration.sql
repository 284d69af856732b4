-- Which plan an organization has from when on; without a row, `free`. By the order in which they were given: the clock may have been set back between two of them.
CREATE OR REPLACE FUNCTION note_organization_plan() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  organization text := COALESCE(NEW.organization_id, OLD.organization_id);
  wanted text := CASE WHEN TG_OP = 'DELETE' THEN 'free' ELSE NEW.plan_id END;
  known text;
BEGIN
  SELECT plan_id INTO known FROM organization_plans WHERE organization_id = organization ORDER BY id DESC LIMIT 1;
  IF COALESCE(known, 'free') <> wanted THEN
    INSERT INTO organization_plans (organization_id, plan_id, since) VALUES (organization, wanted, clock_timestamp());
  END IF;
  RETURN NULL;
END
$$;
