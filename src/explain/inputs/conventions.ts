/**
 * @file How pixels are fed: the usual conventions, each as what it makes of 0…255. The step from one to another is the
 * quotient of the two, so that every pair of them is known without being listed.
 * (keras/src/applications/imagenet_utils.py, `preprocess_input`: modes tf, torch, caffe; its families in `families`.)
 */

export interface Convention {
  readonly id: string;
  /** As a sentence goes on: "The page feeds …". */
  readonly words: string;
  /** One number, or one for each of R, G, B. */
  readonly scale: number | readonly number[];
  readonly shift: number | readonly number[];
  readonly families?: string;
}

const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_DEVIATION = [0.229, 0.224, 0.225];
const CAFFE_MEAN_BGR = [103.939, 116.779, 123.68];
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073];
const CLIP_DEVIATION = [0.26862954, 0.26130258, 0.27577711];
const CIFAR_MEAN = [0.4914, 0.4822, 0.4465];
const CIFAR_DEVIATION = [0.2023, 0.1994, 0.201];

function standardized(
  id: string,
  words: string,
  mean: readonly number[],
  deviation: readonly number[],
): Convention[] {
  const make = (order: (list: readonly number[]) => readonly number[], suffix: string): Convention => {
    const [m, d] = [order(mean), order(deviation)];
    return {
      id: `${id}${suffix}`,
      words: `${words}${suffix === "" ? "" : " of B, G, R"}`,
      scale: d.map((x) => 1 / (255 * x)),
      shift: d.map((x, c) => -(m[c] ?? 0) / x),
    };
  };
  return [make((list) => list, ""), make((list) => list.toReversed(), "-bgr")];
}

/** The commonest first: where two fit, the earlier is said. */
export const CONVENTIONS: readonly Convention[] = [
  {
    id: "raw",
    words: "0…255",
    scale: 1,
    shift: 0,
    families: "efficientnet, efficientnet_v2, mobilenet_v3, convnext: they rescale inside",
  },
  { id: "unit", words: "0…1", scale: 1 / 255, shift: 0 },
  {
    id: "tf",
    words: "−1…1",
    scale: 1 / 127.5,
    shift: -1,
    families: "mobilenet, mobilenet_v2, inception_v3, xception, nasnet, inception_resnet_v2, resnet_v2",
  },
  ...standardized("torch", "ImageNet mean and deviation", IMAGENET_MEAN, IMAGENET_DEVIATION),
  {
    id: "caffe",
    words: "0…255 less the ImageNet mean of B, G, R",
    scale: 1,
    shift: CAFFE_MEAN_BGR.map((x) => -x),
    families: "vgg16, vgg19, resnet50/101/152",
  },
  {
    id: "caffe-rgb",
    words: "0…255 less the ImageNet mean of R, G, B",
    scale: 1,
    shift: CAFFE_MEAN_BGR.toReversed().map((x) => -x),
  },
  { id: "unit-twice", words: "0…1 divided by 255 once more", scale: 1 / 255 ** 2, shift: 0 },
  { id: "tf-twice", words: "−1…1 rescaled to it twice", scale: 1 / 127.5 ** 2, shift: -1 / 127.5 - 1 },
  { id: "tf-of-unit", words: "0…1 rescaled as if it were 0…255", scale: 1 / (255 * 127.5), shift: -1 },
  { id: "centred", words: "−0.5…0.5", scale: 1 / 255, shift: -0.5 },
  { id: "unit-256", words: "0…1 by a division by 256", scale: 1 / 256, shift: 0 },
  { id: "tf-127", words: "x / 127 − 1", scale: 1 / 127, shift: -1 },
  { id: "tf-128", words: "x / 128 − 1", scale: 1 / 128, shift: -1 },
  { id: "minus-128", words: "−128…127", scale: 1, shift: -128 },
  { id: "minus-127.5", words: "−127.5…127.5", scale: 1, shift: -127.5 },
  ...standardized("clip", "CLIP's mean and deviation", CLIP_MEAN, CLIP_DEVIATION),
  ...standardized("cifar", "CIFAR's mean and deviation", CIFAR_MEAN, CIFAR_DEVIATION),
  {
    id: "unit-torch-mean",
    words: "0…1 less the ImageNet mean",
    scale: 1 / 255,
    shift: IMAGENET_MEAN.map((x) => -x),
  },
];

export interface NamedScale {
  /** What naming the two costs: little for the usual ones. */
  readonly bits: number;
  readonly from: Convention;
  readonly to: Convention;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

const at = (value: number | readonly number[], c: number): number =>
  typeof value === "number" ? value : (value[c] ?? Number.NaN);

/** From every convention to every other, for so many channels (lists are for three). */
export function namedScales(channels: number): NamedScale[] {
  const usable = CONVENTIONS.filter(
    ({ scale, shift }) => channels === 3 || (typeof scale === "number" && typeof shift === "number"),
  );
  return usable.flatMap((from) =>
    usable.flatMap((to) => {
      const bits = 1 + Math.log2(1 + CONVENTIONS.indexOf(from)) + Math.log2(1 + CONVENTIONS.indexOf(to));
      if (from === to) return [];
      const range = Array.from({ length: channels }, (_, c) => c);
      const scale = range.map((c) => at(to.scale, c) / at(from.scale, c));
      return [
        {
          bits,
          from,
          to,
          scale,
          shift: range.map((c) => at(to.shift, c) - at(from.shift, c) * (scale[c] ?? 0)),
        },
      ];
    }),
  );
}

/** Would these values be strange under this convention? 0…255 may be a little less; more is impossible. */
export function fitsConvention({ scale, shift }: Convention, low: number, high: number): boolean {
  const all = [0, 1, 2].flatMap((c) => [at(shift, c), 255 * at(scale, c) + at(shift, c)]);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const slack = (most - least) * 0.02;
  return low >= least - slack && high <= most + slack && high - low >= (most - least) / 8;
}
