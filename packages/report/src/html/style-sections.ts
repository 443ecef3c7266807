/** Rules of what single sections have, beside those of the whole page. */
export const SECTION_STYLE = `
th .within{display:block;font-size:.75rem;font-weight:400;color:var(--soft);white-space:normal}td .within.wrap{white-space:normal;min-width:6rem}
.dense th,.dense td{padding:6px}.dense td.notes{white-space:normal;min-width:6rem}.names tbody th{white-space:normal;min-width:9rem}
.facing th,.facing td{padding:6px 8px;white-space:normal;min-width:0;vertical-align:top}.facing tbody th{min-width:8rem}.facing th button.sort{white-space:normal}
details>.legend{margin:8px 16px 12px}details>h3.gap{margin:20px 16px 8px}
.stack{display:grid;gap:16px}.stack>*{min-width:0}
.failure h3 span{font-weight:400;color:var(--soft)}.failure p{margin:0 0 8px;max-width:none}.failure .message{white-space:pre-line}.failure code,.log code{font-size:.8125rem}.log{margin-top:12px}.log pre{margin:4px 0 8px;padding:8px 12px;max-height:16rem}.log details{margin:8px 0 0;background:none}.log details>summary{padding:6px 12px;font-size:.875rem;font-weight:500}.log details>pre{margin:0 12px 12px}.log .plainlist{gap:8px}
tfoot td,tfoot th{border-top:1px solid var(--line);border-bottom:0;font-weight:600}
.gantt i.t-startup,.legend .t-startup{--k:var(--c5)}.gantt i.t-deploying,.legend .t-deploying{--k:var(--c6)}.gantt i.t-measuring,.legend .t-measuring{--k:var(--accent)}.gantt i.t-failed,.legend .t-failed{--k:var(--bad)}.gantt i.t-teardown,.legend .t-teardown{--k:var(--c7)}
.gantt i[class^=t-]{background:var(--k);border-radius:2px}.timeline td.gantt{width:75%}.timeline .gantt div{height:14px;border-radius:3px}
`;
