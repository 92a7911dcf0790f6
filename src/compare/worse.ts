/** @file Which of two certificates of one call says more: over several runs, the worst one stands. */

import type { CallCertificate } from "./certify.ts";

const RANK = { refuted: 3, coarser: 2, "not-run": 1, certified: 0 } as const;

export function worseCertificate(x: CallCertificate, y: CallCertificate): CallCertificate {
  if (RANK[x.status] !== RANK[y.status]) return RANK[x.status] > RANK[y.status] ? x : y;
  return ratioOf(y) > ratioOf(x) ? y : x;
}

function ratioOf({ error, bound }: CallCertificate): number {
  if (error === null || bound === null) return 0;
  if (Number.isNaN(error)) return Number.POSITIVE_INFINITY;
  return bound === 0 ? (error === 0 ? 0 : Number.POSITIVE_INFINITY) : error / bound;
}
