import { CHART_STYLE } from '../charts/chart-style.ts';
import { SECTION_STYLE } from './style-sections.ts';
import { DARK, LIGHT, type Palette } from '../charts/palette.ts';

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([role, color]) => `--${role}:${color}`)
    .join(';');

/** Those that charts are drawn in. */
const ofCharts = (palette: Palette): Palette => Object.fromEntries(Object.entries(palette).filter(([role]) => /^[cr]\d$/.test(role)));

/** The page's style sheet. Colours are named by role; the dark set replaces the light one. */
export const STYLE = `
:root{color-scheme:light dark;
${variables(LIGHT)}}
@media(prefers-color-scheme:dark){:root{
${variables(DARK)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth;scroll-padding-top:1rem}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.wrap{max-width:1180px;margin:0 auto;padding:0 24px}
a{color:var(--accent);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-999px}.skip:focus{left:12px;top:8px;background:var(--card);padding:6px 10px;z-index:2}
header{padding:40px 0 8px}
.eyebrow{font-size:.8125rem;color:var(--faint);margin:0 0 10px;display:flex;flex-wrap:wrap;gap:4px 14px}
.status{font-weight:600}.status.bad{color:var(--bad)}
h1{font-size:clamp(1.5rem,1.1rem + 1.9vw,2.15rem);line-height:1.18;letter-spacing:-.018em;margin:0 0 10px;font-weight:650;text-wrap:balance}
.lede{color:var(--soft);margin:0;max-width:76ch}
.lede strong{color:var(--ink);font-weight:600}
h2{font-size:1.3rem;line-height:1.25;letter-spacing:-.01em;margin:0 0 4px;font-weight:650}
h3{font-size:1rem;margin:0 0 8px;font-weight:620}
section{margin:0;padding:40px 0 0}
section>p,.note{color:var(--soft);max-width:76ch;margin:0 0 16px}
.note{font-size:.875rem}
nav{margin-top:24px;border-top:1px solid var(--line);border-bottom:1px solid var(--line);font-size:.875rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:2px 22px;margin:0;padding:9px 0}
nav a{color:var(--soft);text-decoration:none;display:inline-block;padding:3px 0}nav a:hover{color:var(--accent);text-decoration:underline}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,250px),1fr));gap:16px;margin:28px 0 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px}
.card h2{font-size:.8125rem;letter-spacing:.01em;color:var(--soft);font-weight:600;margin:0 0 6px}
.big{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 8px;font-size:2rem;line-height:1.1;font-weight:640;letter-spacing:-.025em;margin:0 0 8px;color:var(--ink)}
.big small{font-size:.9375rem;font-weight:500;letter-spacing:0;color:var(--soft)}
.card p:last-child{margin:0;font-size:.875rem;line-height:1.5;color:var(--soft)}
.card .who{margin:0 0 4px;color:var(--ink);font-size:.9375rem}
.card.verdict p{font-size:.875rem;line-height:1.5;color:var(--soft);margin:0 0 6px}.card.verdict .big{font-size:2rem;line-height:1.1;color:var(--ink);margin:0 0 6px}.card.verdict .who{color:var(--ink);font-size:.9375rem}
.card.verdict .sure,.verdict .sure{border-left:3px solid var(--faint);padding-left:9px;color:var(--soft)}.sure.clear{border-left-color:var(--c4)!important}.sure.open,.sure.once{border-left-color:var(--warn-line)!important}
.card .caveat{border-left:3px solid var(--warn-line);padding-left:9px}
details.more{border:0;margin:0;background:none;font-size:.8125rem}details.more>summary{padding:2px 0;font-weight:500;color:var(--soft)}details.more>*:not(summary){margin:6px 0 0}details.more ul{padding-left:18px}
.callouts details.more ul li{border:0;background:none;padding:2px 0}
.scroll.verdicts{margin:24px 0 0}td.verdict>*{display:block}td.verdict{vertical-align:top;line-height:1.45}.verdicts th[scope=row]{vertical-align:top;min-width:9rem;white-space:normal}.verdicts th[scope=row] span{display:block;font-weight:400;color:var(--soft);font-size:.8125rem}td.verdict .sure{font-size:.8125rem;margin-top:4px}
.unanswered{font-size:.875rem;color:var(--soft);margin:12px 0 0}
.noted{margin:10px 0 0;font-size:.9rem;color:var(--soft)}.noted p{margin:4px 0 0}.noted p span{color:var(--faint);margin-right:6px}
.tags{list-style:none;display:flex;flex-wrap:wrap;gap:4px 8px;margin:0;padding:0}.tags li{border:1px solid var(--line);border-radius:99px;padding:0 10px;background:var(--card)}
.callouts{margin:16px 0 0;padding:0;list-style:none;display:grid;gap:8px}
.callouts li{border:1px solid var(--line);border-left:3px solid var(--warn-line);background:var(--warn-bg);color:var(--warn-ink);border-radius:6px;padding:9px 14px;font-size:.9rem}
.callouts li.bad{border-left-color:var(--bad);background:var(--bad-bg);color:var(--ink)}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px;background:var(--card);-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.4}
th,td{padding:8px 12px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
tbody:last-child tr:last-child>*{border-bottom:0}
thead th{color:var(--soft);font-weight:600;font-size:.8125rem;vertical-align:bottom;border-bottom-color:var(--line)}
thead tr:first-child th[colspan]{text-align:center;border-bottom:1px solid var(--line)}
thead tr:not(:last-child) th:not([colspan]){border-bottom:0}
th.l,td.l{text-align:left}
tbody th{font-weight:600}
td.wide{white-space:normal;min-width:12rem;text-align:left}
tr.group th{background:var(--bg);text-align:left;padding-top:12px;white-space:normal}
tr.group span{font-weight:400;color:var(--soft);margin-left:8px}
.part th{padding-left:1.6em;font-weight:400}.part .gantt i{opacity:.45}
.bar{background:linear-gradient(to right,var(--accent-soft) var(--share),transparent var(--share))}
.best{font-weight:700;color:var(--accent)}
.fail{color:var(--bad);font-weight:600}
.stick{position:sticky;left:0;background:var(--card)}
.tag{display:inline-block;border:1px solid var(--warn-line);background:var(--warn-bg);color:var(--warn-ink);border-radius:99px;padding:0 8px;font-size:.75rem;line-height:1.5;margin:1px 4px 1px 0}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px 12px;min-width:0}
figcaption{margin:0 0 10px;font-weight:620;line-height:1.35}
figcaption span{display:block;font-weight:400;font-size:.8125rem;color:var(--soft)}
svg.chart{display:block;width:100%;height:auto;overflow:visible;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif}
${CHART_STYLE}
${Array.from({ length: 8 }, (_, i) => `.c${i}{--k:var(--c${i})}.r${i}{--k:var(--r${i})}`).join('')}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0 0;padding:0;font-size:.8125rem;color:var(--soft)}
.legend i{display:inline-block;width:18px;height:0;border-top:3px solid var(--k,var(--soft));vertical-align:middle;margin-right:6px}
.legend i.dashed{border-top-style:dashed;border-top-width:2px}
details{border:1px solid var(--line);border-radius:10px;background:var(--card);margin:0 0 12px}
details>summary{cursor:pointer;padding:12px 16px;font-weight:600}
details>*:not(summary){margin:0 16px 16px}
details .charts figure{padding:0;border:0}
figure details{border:0;margin:8px 0 0;background:none;font-size:.8125rem}
figure details>summary{padding:2px 0;font-weight:500;color:var(--soft)}
figure details>*:not(summary){margin:6px 0 0}
pre{margin:0;padding:14px 16px;overflow:auto;max-height:28rem;font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;background:var(--bg);border:1px solid var(--line);border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere}
dl.facts{display:grid;grid-template-columns:minmax(8rem,12rem) 1fr;gap:6px 16px;margin:0;font-size:.9rem}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;min-width:0}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px;align-items:start}
.panel{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;min-width:0}
dl.terms{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:14px 32px;margin:0;font-size:.9rem}
dl.terms dt{font-weight:620}dl.terms dt span{font-weight:400;color:var(--faint);margin-left:6px;font-size:.8125rem}dl.terms dd{margin:2px 0 0;color:var(--soft)}
td.gantt{width:55%;min-width:9rem;padding-left:16px}
.gantt div{position:relative;height:10px;background:var(--grid);border-radius:5px;overflow:hidden}
.gantt div i{position:absolute;top:0;bottom:0;min-width:2px;background:var(--accent);border-radius:5px}
td .within{display:block;font-size:.75rem;color:var(--soft);white-space:nowrap}
figure .scroll{border:0;border-radius:0;background:none;margin-top:10px;border-top:1px solid var(--grid)}
figure th,figure td{padding:5px 8px}
.key{display:inline-block;width:16px;height:0;border-top:3px solid var(--k);vertical-align:middle;margin-right:8px}
.plainlist{list-style:none;margin:0;padding:0;font-size:.9rem;color:var(--soft);display:grid;gap:4px}.plainlist strong{color:var(--ink)}
h3.gap{margin-top:20px}
.cross{stroke:var(--ink);stroke-width:1;stroke-dasharray:3 3;opacity:.5;pointer-events:none}
svg.chart{touch-action:pan-y}
.tip{position:fixed;z-index:3;pointer-events:none;background:var(--card);color:var(--ink);border:1px solid var(--line);border-radius:8px;padding:8px 12px;font-size:.8125rem;line-height:1.45;box-shadow:0 4px 16px rgb(0 0 0/.14);max-width:min(22rem,calc(100vw - 16px))}
.tip table{width:auto;font-size:inherit}.tip th,.tip td{border:0;padding:1px 0;font-weight:400}.tip th{text-align:left;color:var(--soft);padding-right:14px}.tip td{font-weight:600}
footer{margin:48px 0 0;padding:18px 0 40px;border-top:1px solid var(--line);font-size:.8125rem;color:var(--faint)}
${SECTION_STYLE}
@media screen and (max-width:640px){.verdicts table,.verdicts tbody,.verdicts tr,.verdicts th,.verdicts td{display:block;white-space:normal;border:0}.verdicts thead{display:none}.verdicts tr+tr{border-top:1px solid var(--line)}.verdicts td[data-head]::before{content:attr(data-head);display:block;color:var(--soft);font-size:.8125rem}}
@media(max-width:640px){.wrap{padding:0 16px}header{padding-top:24px}section{padding-top:32px}
svg.chart{font-size:15px}.chart .name{font-size:14.5px}.chart .label{font-size:14px}.chart .minor{display:none}
figure{padding:14px 12px 10px}dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:8px}.cards{gap:10px;margin-top:20px}.card{padding:14px 16px}th,td{padding:7px 9px}
nav ul{gap:2px 16px}figure table{font-size:.8125rem}figure th,figure td{padding:5px 5px}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#3a4248;--faint:#555f66;--line:#c9cdcc;--grid:#e4e6e5;--accent:#0b6e77;--accent-soft:#d9eef0;--warn-bg:#fff;--warn-line:#a87a1b;--warn-ink:#3d2d05;--bad:#8c1d17;--bad-bg:#fff;
${variables(ofCharts(LIGHT))}}
@page{margin:14mm}body{font-size:10pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}.wrap{max-width:none;padding:0}nav,.skip,.tip{display:none}header{padding-top:0}
.cards{grid-template-columns:repeat(3,1fr);gap:8px}.charts,.panels{grid-template-columns:1fr 1fr;gap:8px}.big{font-size:17pt}
.scroll{overflow:visible}table{font-size:7.5pt}th,td{padding:4px 5px}th,td.l,td.wide,.names tbody th,th button.sort{white-space:normal;min-width:0}.stick{position:static}
.dense table,.names table{font-size:7pt}.dense th,.dense td,.names th,.names td{padding:3px 2px}.dense thead th,.names thead th,figure thead th{font-size:inherit;overflow-wrap:normal}.dense .whose{white-space:normal;max-width:9rem}td .within,th .within{font-size:inherit}figure .scroll table{font-size:6pt}figure .scroll th,figure .scroll td{padding:2px 1.5px}.dense td.notes{min-width:3rem}.dense .tag{padding:0 4px;font-size:6pt}
figure,.card,.panel,tr,.callouts li,dl.terms>div{break-inside:avoid}h2,h3,summary,section>p{break-after:avoid}section>p{break-inside:avoid}section{padding-top:18pt}pre{max-height:none}
dl.facts{grid-template-columns:6.5rem 1fr;font-size:8.5pt;gap:3px 8px}dl.terms{grid-template-columns:1fr 1fr;gap:8px 20px;font-size:8.5pt}.panel{padding:10px 12px}figure{padding:10px 8px}.key{width:10px;margin-right:5px}footer{margin-top:18pt;padding:8pt 0 0;break-inside:avoid}.card p:last-child,.callouts li,.lede{font-size:9pt}.callouts li{padding:5px 10px}
details>summary{list-style:none}details::details-content{content-visibility:visible;height:auto}a{color:inherit;text-decoration:none}}
`;
