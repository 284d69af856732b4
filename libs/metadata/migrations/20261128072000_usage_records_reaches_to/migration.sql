-- Every roll-up asks for the sessions of late, of all records that ever were taken.
-- CreateIndex
CREATE INDEX "usage_records_reaches_to_session_idx" ON "usage_records"("reaches_to", "session");
