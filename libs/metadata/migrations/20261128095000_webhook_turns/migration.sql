-- What waits, by webhook: so that one with very many keeps no other out of sight.
-- DropIndex
DROP INDEX "webhook_deliveries_due_at_idx";

-- CreateIndex
CREATE INDEX "webhook_deliveries_waiting_idx" ON "webhook_deliveries"("webhook_id", "due_at", "id") WHERE (state = 'waiting'::text);
