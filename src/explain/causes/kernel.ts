/**
 * @file Causes `kernel` and `precision`: an engine's layer strays further from its own meaning, on its own
 * activations, than the rounding of its stated arithmetic allows.
 */

import type { CallCertificate } from "../../compare/certify.ts";
import { goneAround } from "../../convert/sayable.ts";
import type { SideEvidence } from "../evidence.ts";
import type { Finding } from "../finding.ts";

export function engineFindings(side: "a" | "b", evidence: SideEvidence): Finding[] {
  return evidence.certificates.flatMap((certificate, index) => {
    const call = evidence.model.calls[index];
    if (call === undefined) return [];
    switch (certificate.status) {
      case "refuted":
        return [kernelFinding(side, evidence, index, call.id, certificate)];
      case "coarser":
        return [precisionFinding(side, evidence, call.id, certificate)];
      case "certified":
      case "not-run":
        return [];
      default:
        return certificate.status satisfies never;
    }
  });
}

function kernelFinding(
  side: "a" | "b",
  { model, engine }: SideEvidence,
  index: number,
  id: string,
  certificate: CallCertificate,
): Finding {
  const call = model.calls[index];
  const entry = call === undefined ? undefined : model.layers[call.layer];
  const dims = call?.inputs.map((ref) => model.calls[ref.call]?.outputs[ref.output]?.dims ?? []) ?? [];
  const known = entry?.layer.knownFaults(engine, dims)[0];
  const lostMask = certificate.detail === "mask";
  return {
    kind: "kernel",
    side,
    layer: side === "a" ? id : null,
    layerB: side === "b" ? id : null,
    detail: lostMask ? "mask" : (known?.id ?? null),
    message: lostMask
      ? `${engine} loses the mask that reaches ${id} (${entry?.layer.className ?? "layer"}): padded steps count as real ones`
      : `${engine} computes ${id} (${entry?.layer.className ?? "layer"}) wrongly${known === undefined ? "" : `: ${known.why}`}`,
    hint:
      known?.remedy ??
      (lostMask
        ? "feed sequences without padding, or run another backend"
        : "try another backend (--b tfjs:cpu, --b tfjs:wasm), and report the layer to its makers"),
    learnMore: known?.link ?? null,
    // Side A is never repaired, and only a model.json is run by TF.js's kernels.
    repair:
      side === "b" && !lostMask && entry !== undefined && goneAround(model).has(entry.path)
        ? "rewrite-around-kernel"
        : null,
  };
}

function precisionFinding(
  side: "a" | "b",
  { engine }: SideEvidence,
  id: string,
  certificate: CallCertificate,
): Finding {
  return {
    kind: "precision",
    side,
    layer: side === "a" ? id : null,
    layerB: side === "b" ? id : null,
    detail: certificate.explains,
    message: `${engine} computed ${id} in ${certificate.explains ?? "a coarser arithmetic"}, not in float32`,
    hint: "use a backend or device with float32, or accept the loss: --accept precision",
  };
}
