-- Usage of an organization goes through its databases by their ids, deleted ones too.
-- CreateIndex
CREATE INDEX "databases_organization_id_id_idx" ON "databases"("organization_id", "id");
