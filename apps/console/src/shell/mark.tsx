import { Group, Text } from '@mantine/core';

/** Sign and name. */
export function Mark() {
  return (
    <Group gap={8} wrap="nowrap">
      <img src="/favicon.svg" width={26} height={26} alt="" />
      <Text fw={700} size="lg">
        Leasehold
      </Text>
    </Group>
  );
}
