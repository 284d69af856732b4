-- CreateTable
CREATE TABLE "budgets" (
    "id" TEXT NOT NULL,
    "organization_id" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "currency" TEXT,
    "amount" BIGINT NOT NULL,
    "alert_percents" INTEGER[],
    "hard_stop" BOOLEAN NOT NULL,
    "allowance" BIGINT NOT NULL,
    "read_weight" BIGINT NOT NULL,
    "write_weight" BIGINT NOT NULL,
    "egress_weight" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "looked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budgets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budget_months" (
    "budget_id" TEXT NOT NULL,
    "month" INTEGER NOT NULL,
    "elsewhere" BIGINT NOT NULL DEFAULT 0,
    "stored" BIGINT NOT NULL DEFAULT 0,
    "mark_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "mark_flow" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "budget_months_pkey" PRIMARY KEY ("budget_id","month")
);

-- CreateTable
CREATE TABLE "budget_grants" (
    "budget_id" TEXT NOT NULL,
    "month" INTEGER NOT NULL,
    "holder" TEXT NOT NULL,
    "granted" BIGINT NOT NULL DEFAULT 0,
    "spent" BIGINT NOT NULL DEFAULT 0,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budget_grants_pkey" PRIMARY KEY ("budget_id","month","holder")
);

-- CreateTable
CREATE TABLE "budget_alerts" (
    "budget_id" TEXT NOT NULL,
    "month" INTEGER NOT NULL,
    "percent" INTEGER NOT NULL,
    "used" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "mail_taken_at" TIMESTAMPTZ(3),

    CONSTRAINT "budget_alerts_pkey" PRIMARY KEY ("budget_id","month","percent")
);

-- CreateIndex
CREATE UNIQUE INDEX "budgets_organization_id_scope_subject_id_key" ON "budgets"("organization_id", "scope", "subject_id");

-- CreateIndex
CREATE INDEX "budgets_looked_at_idx" ON "budgets"("looked_at");

-- CreateIndex
CREATE INDEX "budget_alerts_at_idx" ON "budget_alerts"("at") WHERE (mail_taken_at IS NULL);

-- AddForeignKey
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budget_months" ADD CONSTRAINT "budget_months_budget_id_fkey" FOREIGN KEY ("budget_id") REFERENCES "budgets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budget_grants" ADD CONSTRAINT "budget_grants_budget_id_fkey" FOREIGN KEY ("budget_id") REFERENCES "budgets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budget_alerts" ADD CONSTRAINT "budget_alerts_budget_id_fkey" FOREIGN KEY ("budget_id") REFERENCES "budgets"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "budgets" ADD CONSTRAINT "budgets_scope_check" CHECK (
  ("scope" = 'organization' AND "subject_id" = '') OR ("scope" IN ('database', 'key') AND "subject_id" <> ''));
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_amounts_check" CHECK (
  "amount" >= 0 AND "allowance" >= 0 AND "read_weight" >= 0 AND "write_weight" >= 0 AND "egress_weight" >= 0);

-- What gateways remember of a budget: where it holds, and what things weigh. Not how much is left; they ask for that.
CREATE TRIGGER budgets_changed AFTER INSERT OR DELETE OR UPDATE OF hard_stop, read_weight, write_weight, egress_weight ON budgets
  FOR EACH ROW EXECUTE FUNCTION record_organization_settings_change();

CREATE TRIGGER budgets_audited AFTER INSERT OR UPDATE OR DELETE ON budgets FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('budget', 'id', 'subject_id', 'id,organization_id,scope,subject_id,currency,amount,alert_percents,hard_stop,created_at',
    'updated_at,looked_at,allowance,read_weight,write_weight,egress_weight');

-- Of what is left, one ask gets at most this part, divided by how many gateways hold a grant: grants become small near the end, and what a gateway
-- holds that is killed is never much.
CREATE FUNCTION budget_share() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 16::bigint $$;

-- A gateway that has said nothing for so long holds no grants of its own any more: what it holds counts as spent.
CREATE FUNCTION budget_silence() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '5 minutes' $$;

-- So long a gateway that has nothing more to ask remembers what it was told last, what it may spend without the ledger with it (apps/gateway,
-- tenant-budgets.ts), and a minute more.
CREATE FUNCTION budget_memory() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '11 minutes' $$;

-- Leases of units, for one gateway (libs/directory, budget-ledger.ts). Each ask tells what its holder has spent of the budget in the month in all, how
-- much it keeps of what it has, how much it would like to have at hand, and how much it needs for what waits. Both totals only grow from ask to ask
-- (`granted` shrinks where something is given back), so that an ask may be repeated, and its answer lost; one that arrives after a later one
-- changes nothing. What all hold never exceeds what there is, but for what was spent without a grant. Budgets in the order of ids, so that nobody
-- waits in a circle.
CREATE FUNCTION take_budget_grants(asks jsonb) RETURNS TABLE (
  budget_id text, month integer, granted bigint, rest bigint, overdraft bigint, gateways integer
) LANGUAGE plpgsql AS $$
DECLARE
  ask record;
  budget budgets%ROWTYPE;
  here budget_months%ROWTYPE;
  own budget_grants%ROWTYPE;
  others bigint;
  holders integer;
  remembering integer;
  available bigint;
  held bigint;
BEGIN
  FOR ask IN SELECT * FROM jsonb_to_recordset(asks) AS a (
    budget text, month integer, holder text, sequence bigint, spent bigint, keep bigint, want bigint, need bigint) ORDER BY a.budget, a.month
  LOOP
    -- From here on nobody deletes it: what is noted of it would fail, and with it the asks of everybody.
    PERFORM FROM budgets b WHERE b.id = ask.budget AND b.hard_stop FOR KEY SHARE;
    IF NOT FOUND THEN CONTINUE; END IF;
    INSERT INTO budget_months AS m (budget_id, month) VALUES (ask.budget, ask.month) ON CONFLICT DO NOTHING;
    SELECT * INTO here FROM budget_months m WHERE m.budget_id = ask.budget AND m.month = ask.month FOR UPDATE;
    -- Behind the lock: it may have been lowered meanwhile.
    SELECT * INTO budget FROM budgets b WHERE b.id = ask.budget;
    INSERT INTO budget_grants AS g (budget_id, month, holder) VALUES (ask.budget, ask.month, ask.holder) ON CONFLICT DO NOTHING;
    SELECT * INTO own FROM budget_grants g WHERE g.budget_id = ask.budget AND g.month = ask.month AND g.holder = ask.holder;
    IF ask.sequence <= own.sequence THEN CONTINUE; END IF;
    SELECT COALESCE(sum(g.granted), 0), count(*) FILTER (WHERE g.seen_at > clock_timestamp() - interval '10 seconds'),
      1 + count(*) FILTER (WHERE g.seen_at > clock_timestamp() - budget_memory())
    INTO others, holders, remembering FROM budget_grants g
    WHERE g.budget_id = ask.budget AND g.month = ask.month AND g.holder <> ask.holder;
    holders := holders + 1;
    available := budget.allowance - here.elsewhere - here.stored - others - ask.spent;
    held := greatest(0, ask.keep, least(ask.want, available / (budget_share() * holders)), least(ask.need, available));
    UPDATE budget_grants AS g SET granted = ask.spent + held, spent = ask.spent, sequence = ask.sequence, seen_at = clock_timestamp()
    WHERE g.budget_id = ask.budget AND g.month = ask.month AND g.holder = ask.holder;
    budget_id := ask.budget;
    month := ask.month;
    granted := ask.spent + held;
    rest := available - held;
    -- Should the ledger fall silent: 1 % of all, or 1,000 units, for all gateways together that know of it, and never more than there is.
    overdraft := greatest(0, least(rest, greatest(budget.allowance / 100, 1000 * least(budget.read_weight, budget.write_weight))) / remembering);
    gateways := holders;
    RETURN NEXT;
  END LOOP;
END
$$;

-- Brings what is counted of a budget in line with what records say, and notes alerts that are due, each once.
--
-- `recorded` is what all usage of the month weighs that is rolled up, and `complete_to` when that was complete; `stored_now` what storage weighs, or null
-- where nobody can tell. What is counted is at least what records say. Where
-- they tell all (`exact`), it is at most that and what gateways have told since a mark, once the
-- records are complete up to `settle` past the mark. So what a gateway held that was killed comes back as soon as its records would have told of it.
CREATE FUNCTION settle_budget(
  wanted text, in_month integer, recorded bigint, stored_now bigint, exact boolean, complete_to timestamptz, settle interval
) RETURNS TABLE (used bigint) LANGUAGE plpgsql AS $$
DECLARE
  budget budgets%ROWTYPE;
  here budget_months%ROWTYPE;
  flow bigint;
  folded bigint;
  total bigint;
  corrected bigint;
  alert integer;
BEGIN
  SELECT * INTO budget FROM budgets b WHERE b.id = wanted FOR KEY SHARE;
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO budget_months AS m (budget_id, month) VALUES (wanted, in_month) ON CONFLICT DO NOTHING;
  SELECT * INTO here FROM budget_months m WHERE m.budget_id = wanted AND m.month = in_month FOR UPDATE;
  -- Rows of gateways that are gone become a number; where one comes back, it counts anew what it says, until records say otherwise.
  WITH gone AS (
    DELETE FROM budget_grants g WHERE g.budget_id = wanted AND g.month = in_month AND g.seen_at < here.mark_at - interval '1 hour'
    RETURNING g.granted)
  SELECT COALESCE(sum(g.granted), 0) INTO folded FROM gone g;
  SELECT COALESCE(sum(CASE WHEN g.seen_at > clock_timestamp() - budget_silence() THEN g.spent ELSE g.granted END), 0) INTO flow
  FROM budget_grants g WHERE g.budget_id = wanted AND g.month = in_month;
  here.stored := COALESCE(stored_now, here.stored);
  here.elsewhere := here.elsewhere + folded;
  here.mark_flow := here.mark_flow - folded;
  total := here.elsewhere + flow;
  corrected := greatest(recorded, total);
  IF complete_to >= here.mark_at + settle THEN
    IF exact THEN corrected := greatest(recorded, least(total, recorded + greatest(0, flow - here.mark_flow))); END IF;
    here.mark_at := clock_timestamp();
    here.mark_flow := flow;
  END IF;
  UPDATE budget_months AS m
  SET elsewhere = corrected - flow, stored = here.stored, mark_at = here.mark_at, mark_flow = here.mark_flow
  WHERE m.budget_id = wanted AND m.month = in_month;
  used := corrected + here.stored;
  FOREACH alert IN ARRAY budget.alert_percents LOOP
    IF used::numeric * 100 < budget.allowance::numeric * alert THEN CONTINUE; END IF;
    INSERT INTO budget_alerts (budget_id, month, percent, used) VALUES (wanted, in_month, alert, settle_budget.used)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN CONTINUE; END IF;
    -- An event for webhooks, in the same transaction.
    INSERT INTO audit_entries (at, organization_id, actor_kind, action, subject_kind, subject_id, subject_name, after)
    VALUES (clock_timestamp(), budget.organization_id, 'system', 'budget.alerted', 'budget', budget.id, budget.subject_id,
      jsonb_build_object('scope', budget.scope, 'subject_id', budget.subject_id, 'currency', budget.currency, 'amount', budget.amount,
        'hard_stop', budget.hard_stop, 'month', in_month, 'percent', alert));
  END LOOP;
  RETURN NEXT;
END
$$;
