/** @file Vernier's version, as package.json has it (`test/static` compares them). */

export const VERSION = "0.1.0";
