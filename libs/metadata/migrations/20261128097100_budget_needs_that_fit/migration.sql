-- Leases of units, for one gateway (libs/directory, budget-ledger.ts). Each ask tells what its holder has spent of the budget in the month in all, how
-- much it keeps of what it has, how much it would like to have at hand, and how much it needs for what waits. Both totals only grow from ask to ask
-- (`granted` shrinks where something is given back), so that an ask may be repeated, and its answer lost; one that arrives after a later one
-- changes nothing. What all hold never exceeds what there is, but for what was spent without a grant. Budgets in the order of ids, so that nobody
-- waits in a circle.
CREATE OR REPLACE FUNCTION take_budget_grants(asks jsonb) RETURNS TABLE (
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
  needed bigint;
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
    -- What is more than there is serves nobody: who needs it is refused, and others can use what is left.
    needed := CASE WHEN ask.need <= available THEN ask.need ELSE 0 END;
    held := greatest(0, ask.keep, least(ask.want, available / (budget_share() * holders)), needed);
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
