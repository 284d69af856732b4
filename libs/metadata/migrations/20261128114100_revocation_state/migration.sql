-- Number and id of the state, by which a log is told from that of another bucket; it is of the state of "number" alone. Null: not known.
ALTER TABLE "revocation_progress" ADD COLUMN "state" TEXT;
