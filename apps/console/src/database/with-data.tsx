import type { Database } from '@leasehold/client';
import type { ReactNode } from 'react';

import { DatabaseName } from '../api/database-name.js';
import { useData, useGatewayUrl } from '../api/data-plane.js';
import { BUILDERS, useMay } from '../api/session.js';
import { Loading, Message, ScreenState } from '../parts/screen-state.js';

interface WithDataProps {
  /** Of the database. */
  readonly name: string;
  readonly children: (data: Database) => ReactNode;
}

/** What shows the data of a database, for those who may see it, and where the gateway is known. */
export function WithData({ name, children }: WithDataProps) {
  const gateway = useGatewayUrl();
  const data = useData(name);
  const may = useMay(BUILDERS);
  if (!may) {
    return (
      <Message
        icon="key"
        title="The data is not for your role"
        text="Owners, admins and developers see what is in a database."
      />
    );
  }
  return (
    <ScreenState query={gateway}>
      {(url) => {
        if (url === null) return <UnknownGateway />;
        return data === undefined ? <Loading /> : <DatabaseName value={name}>{children(data)}</DatabaseName>;
      }}
    </ScreenState>
  );
}

export function UnknownGateway() {
  return (
    <Message
      icon="close"
      title="The gateway is not known"
      text="Set GATEWAY_URL at the control plane, so that the console can say where it is."
    />
  );
}
