import { Button, Group, Slider, Text } from '@mantine/core';
import { useEffect, useState } from 'react';

import { formatInstant, formatSeconds } from '../parts/format.js';

interface TimeSliderProps {
  /** Undefined: now. */
  readonly at: Date | undefined;
  readonly retentionSeconds: number;
  readonly onChange: (at: Date | undefined) => void;
}

/** Stops between the oldest state and now. */
const STOPS = 288;

/** Which state is shown: back to what is kept, or now. */
export function TimeSlider({ at, retentionSeconds, onChange }: TimeSliderProps) {
  const [isOpen, setIsOpen] = useState(at !== undefined);
  const step = Math.max(1, Math.round(retentionSeconds / STOPS));
  const present = at === undefined ? 0 : -Math.min(retentionSeconds, Math.round((Date.now() - at.getTime()) / 1_000));
  const [back, setBack] = useState(present);
  useEffect(() => setBack(present), [at, retentionSeconds]);
  if (retentionSeconds === 0) return null;
  if (!isOpen) {
    return (
      <Button variant="subtle" size="compact-sm" onClick={() => setIsOpen(true)}>
        Look into the past
      </Button>
    );
  }
  const instantOf = (seconds: number) => new Date(Date.now() + seconds * 1_000);
  return (
    <Group gap="lg" wrap="nowrap" align="center" flex="1 1 100%">
      <Text size="sm" c="dimmed" className="nowrap">
        {formatSeconds(retentionSeconds)} ago
      </Text>
      <Slider
        flex={1}
        thumbLabel="How long ago"
        min={-retentionSeconds}
        max={0}
        step={step}
        value={back}
        label={(seconds) => (seconds === 0 ? 'now' : formatInstant(instantOf(seconds)))}
        onChange={setBack}
        onChangeEnd={(seconds) => onChange(seconds === 0 ? undefined : instantOf(seconds))}
      />
      <Button
        variant="default"
        size="compact-sm"
        onClick={() => {
          onChange(undefined);
          setIsOpen(false);
        }}
      >
        Now
      </Button>
    </Group>
  );
}
