/** What `bench init --settings` writes: valid as it is, and with any of its examples. */
export const SETTINGS_TEMPLATE = `# Settings of bench; docs/settings.md describes all of them. "bench check" says what can be used.
# A secret never stands here: {from_env: NAME} or {from_file: PATH} says where it is.

# providers:
#   cloudrift: {api_key: {from_env: CLOUDRIFT_API_KEY}}
#   gcp: {project: my-project}
#   vast: {api_key: {from_file: ~/.config/vastai/vast_api_key}}

# cloud:                  # what the flags of rented machines are when they are not given
#   max_price: 12         # dollars an hour, for a whole machine
#   max_cost: 50          # dollars, for a run
#   lifetime: 4h

# pricing:                # what machines cost whose price no run knows
#   date: 2026-11-01      # when these were looked up
#   gpus: {H200: 2.10, RTX5090: 0.39}

# plugins: [bench-provider-byo]
`;
