import { z } from 'zod';

/** Answers of the API as far as they are read; everything that the documentation does not promise may be missing. OpenAPI 0.61. */

const number = z.number().nullish();
const text = z.string().nullish();
const perDatacenter = <T extends z.ZodType>(value: T) => z.record(z.string(), value).nullish();

export const variantSchema = z.object({
  name: z.string(),
  cpu_count: number,
  logical_cpu_count: number,
  /** Bytes, as `disk` and `vram`, which is of one GPU. */
  dram: number,
  disk: number,
  vram: number,
  gpu_count: number,
  /** A slice of a GPU. */
  mig_profile: z.unknown(),
  /** Cents, of the whole variant. */
  cost_per_hour: number,
  available_nodes: number,
  available_nodes_per_dc: perDatacenter(z.number().nullable()),
  ip_availability_per_dc: perDatacenter(z.object({ public_ips: z.boolean().nullish() }).nullable()),
});
export type WireVariant = z.output<typeof variantSchema>;

export const instanceTypeSchema = z.object({
  name: z.string(),
  brand_short: text,
  manufacturer: text,
  /** `ProprietaryOnly`: the open driver does not start there. */
  nvidia_kernel_module_support: text,
  variants: z.array(variantSchema),
});
export type WireInstanceType = z.output<typeof instanceTypeSchema>;

export const instanceTypesSchema = z.object({ instance_types: z.array(instanceTypeSchema) });

/** Any of the kinds of login: `{UsernameAndPassword: {username, password}}`, `{Username: …}`, `{HiddenPassword: …}`. */
const loginSchema = z
  .record(z.string(), z.object({ username: text, password: text }).nullable().catch(null))
  .nullish()
  .catch(null);

export const instanceSchema = z.object({
  id: z.string(),
  status: z.string(),
  failure: z.object({ cause: text, user_message: text }).nullish(),
  host_address: text,
  /** Pairs of a port inside and the port outside. Null: not known yet; empty: the machine has its own address. */
  port_mappings: z.array(z.array(z.number())).nullish(),
  virtual_machines: z.array(z.object({ ready: z.boolean().nullish(), state: text, login_info: loginSchema })).nullish(),
  instructions: z.object({ placeholder_values: z.unknown() }).nullish(),
  resource_info: z.object({ cost_per_hour: number }).nullish(),
  instance_name: text,
  created_at: text,
});
export type WireInstance = z.output<typeof instanceSchema>;

export const instancesSchema = z.object({ instances: z.array(instanceSchema) });
export const rentedSchema = z.object({ instance_ids: z.array(z.string()) });
export const terminatedSchema = z.object({ terminated: z.array(z.unknown()).nullish() }).nullish();
export const anythingSchema = z.unknown();

export const recipesSchema = z.object({
  groups: z.array(
    z.object({
      name: text,
      tags: z.array(z.string()).nullish(),
      recipes: z
        .array(
          z.object({
            name: text,
            tags: z.array(z.string()).nullish(),
            details: z.object({ VirtualMachine: z.object({ image_url: text, cloudinit_url: text }).nullish() }).nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});
export type WireRecipes = z.output<typeof recipesSchema>;

export const meSchema = z.object({ email: text, name: text, id: text.catch(null) });
/** `balance` comes in cents, although its description says otherwise. */
export const accountSchema = z.object({ balance: number });
