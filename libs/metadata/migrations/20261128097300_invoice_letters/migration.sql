-- CreateTable
CREATE TABLE "invoice_letters" (
    "invoice_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "invoice_letters_pkey" PRIMARY KEY ("invoice_id")
);

-- CreateIndex
CREATE INDEX "invoice_letters_created_at_idx" ON "invoice_letters"("created_at");

-- Who pays is told by mail of every invoice of something, from now on. The row goes with whoever writes the mails.
CREATE FUNCTION begin_invoice_letter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO invoice_letters (invoice_id) VALUES (NEW.id);
  RETURN NULL;
END
$$;

CREATE TRIGGER invoices_letter_begun AFTER INSERT ON invoices FOR EACH ROW WHEN (NEW.total > 0) EXECUTE FUNCTION begin_invoice_letter();
