-- The first generation of the secret that signs until previous_ends_at; null: the one before the present one.
ALTER TABLE "webhooks" ADD COLUMN "oldest_generation" INTEGER;
