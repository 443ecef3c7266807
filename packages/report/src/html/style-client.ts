/** What the script adds to the page: the bar that filters, heads that sort, charts that zoom. */
export const CLIENT_STYLE = `
[hidden]{display:none!important}
@media screen{main>section{content-visibility:auto;contain-intrinsic-size:auto 1200px}}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
button,select,input{font:inherit;color:inherit}
button{cursor:pointer}
#view{margin:20px 0 0;padding:10px 14px;background:var(--card);border:1px solid var(--line);border-radius:10px;font-size:.875rem;z-index:2}
.controls{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
.field{display:inline-flex;align-items:center;gap:6px;color:var(--soft)}
#view input[type=search],#view select,.more select,.facet>summary{border:1px solid var(--faint);border-radius:7px;background:var(--bg);color:var(--ink);padding:4px 9px;min-height:32px;max-width:100%}
#view input[type=search]{width:9rem}
#view select,.more select{max-width:min(16rem,60vw)}
.facet{border:0;border-radius:0;background:none;margin:0;position:relative}
.facet>summary{padding:4px 24px 4px 10px;font-weight:400;list-style:none;position:relative}
.facet>summary::-webkit-details-marker{display:none}
.facet>summary::after{content:"";position:absolute;right:9px;top:50%;border:4px solid transparent;border-top-color:var(--soft);transform:translateY(-2px)}
.facet.on>summary{border-color:var(--accent);background:var(--accent-soft)}
.facet>summary b{margin-left:6px;color:var(--accent)}
.facet .values{position:absolute;left:0;top:calc(100% + 4px);margin:0;z-index:4;background:var(--card);border:1px solid var(--line);border-radius:9px;padding:8px;box-shadow:0 6px 24px rgb(0 0 0/.16);width:max-content;min-width:12rem;max-width:min(24rem,calc(100vw - 48px));max-height:min(24rem,60vh);overflow:auto}
.facet fieldset{border:0;margin:0;padding:0;min-width:0}
.facet label{display:flex;gap:8px;align-items:center;padding:4px 6px;border-radius:6px;cursor:pointer}
.facet label:hover{background:var(--grid)}
.facet label.none bdi,.facet label.none .count{color:var(--faint)}
.facet input[type=checkbox]{flex:none;width:16px;height:16px;accent-color:var(--accent);margin:0}
.facet .count{margin-left:auto;padding-left:12px;color:var(--soft)}
.facet input[type=search]{width:100%!important;margin-bottom:6px}
button.plain{border:1px solid transparent;border-radius:7px;background:none;color:var(--accent);padding:4px 8px;min-height:32px}
button.plain:hover{background:var(--accent-soft)}
.copied{color:var(--soft)}
#view .said{margin:6px 0 0;color:var(--soft);max-width:none}
#view.filtered .said{color:var(--ink);font-weight:600}
@media(min-width:900px) and (min-height:1000px){.scripted #view{position:sticky;top:0}.scripted{scroll-padding-top:7rem}}
th button.sort{position:relative;border:0;background:none;padding:0;font-weight:inherit;color:inherit;text-align:inherit;white-space:nowrap}
th button.sort:hover{color:var(--accent)}
th button.sort::after{content:"";position:absolute;left:100%;top:50%;margin:-2px 0 0 1px;border:3.5px solid transparent;opacity:0}
th button.sort:hover::after,th button.sort:focus-visible::after{opacity:.5;border-top-color:currentcolor;transform:translateY(2px)}
th[aria-sort]{color:var(--accent)!important}
th[aria-sort] button.sort::after{opacity:1!important}
th[aria-sort=descending] button.sort::after{border-top-color:currentcolor;transform:translateY(2px)}
th[aria-sort=ascending] button.sort::after{border-top-color:transparent!important;border-bottom-color:currentcolor;transform:translateY(-2px)!important}
.whose{display:block;font-weight:400;font-size:.75rem;color:var(--soft);max-width:14rem;overflow:hidden;text-overflow:ellipsis}
.more{margin:8px 0 0!important;font-size:.875rem}.more label{display:inline-flex;flex-wrap:wrap;gap:6px;align-items:center}
.needs-script{display:none}.scripted .needs-script{display:inline}
figure{position:relative}
.tools{position:absolute;right:10px;top:10px;display:flex;gap:2px;opacity:0;background:var(--card);border:1px solid var(--line);border-radius:7px}
.tools button{border:0;background:none;color:var(--soft);min-width:28px;height:26px;padding:0 7px;border-radius:6px;font-size:.8125rem;line-height:1}
.tools button:hover{background:var(--accent-soft);color:var(--ink)}
figure:hover>.tools,figure:focus-within>.tools,.zoomed>.tools{opacity:1}
@media(hover:none){.tools{opacity:1}}
.zoomed>.tools button:last-child{color:var(--accent);font-weight:600}
.scripted svg.chart{cursor:crosshair}
.chart .here{fill:none;stroke:var(--ink);stroke-width:2;pointer-events:none}
.chart .picked{fill:var(--accent);opacity:.16;pointer-events:none}
.chart svg{overflow:hidden}
@media(max-width:640px){.whose{max-width:8.5rem}#view{padding:10px 12px}.field{width:100%}.field input[type=search],.field select{flex:1;max-width:none!important}.facet{position:static}#view{position:relative}.facet .values{left:12px;right:12px;top:auto;margin-top:4px;width:auto;max-width:none}}
@media print{.controls,.tools,.more,.needs-script{display:none!important}#view{border:0;padding:0;margin:8pt 0 0;position:static!important;background:none}#view:not(.filtered){display:none}}
`;
