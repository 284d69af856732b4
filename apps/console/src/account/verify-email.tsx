import { Button, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { ME } from '../api/query-client.js';
import { Failure } from '../parts/failure.js';
import { EntranceCard } from './entrance-card.js';
import { useLinkToken } from './link-token.js';

/** Where the mail that confirms an address leads. A button confirms: programs that look through mails open links too. */
export function VerifyEmail() {
  const token = useLinkToken();
  const client = useQueryClient();
  const proof = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/email-verification', { body: { token } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ME }),
  });
  return (
    <EntranceCard title="Confirm your e-mail address">
      {proof.isSuccess ? (
        <Stack role="status">
          <Text>Your address is confirmed.</Text>
          <Button component={Link} to="/">
            Go to the console
          </Button>
        </Stack>
      ) : (
        <Stack>
          <Failure error={proof.error} />
          <Button onClick={() => proof.mutate()} loading={proof.isPending}>
            Confirm
          </Button>
        </Stack>
      )}
    </EntranceCard>
  );
}
