"""The digest's style sheet: it travels inside the file, so it is short."""

STYLE = """
:root{color-scheme:light dark;--paper:#fffefb;--ink:#1b211f;--soft:#555d59;--line:#d9d6cc;--wash:#efeee8;
--mark:#1c6b58;--range:#d3e4dc;--spike:#b3261e;--defect:#a3261d;--design:#7a2f63;--knowledge:#2b5482;
--external:#7d4e00;--request:#1c6b58;--unclear:#555d59}
@media(prefers-color-scheme:dark){:root{--paper:#181c1a;--ink:#e9e8e2;--soft:#a5aca7;--line:#353b38;--wash:#252a28;
--mark:#74c7ae;--range:#2a4a40;--spike:#ff9a8f;--defect:#f0968c;--design:#e2a0cb;--knowledge:#93bbea;
--external:#e8b65c;--request:#74c7ae;--unclear:#a5aca7}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.02em;margin:.25rem 0 .5rem}
h2{font-size:1.2rem;line-height:1.3;margin:2.5rem 0 .5rem}
p{margin:.25rem 0;overflow-wrap:anywhere}
.week,.about,figcaption{color:var(--soft);font-size:.875rem}
.highlights{list-style:none;padding:0;margin:1.25rem 0;display:grid;gap:.5rem}
.highlights li{padding:.6rem .8rem;border-radius:8px;background:var(--wash);overflow-wrap:anywhere}
.highlights .is-spike strong,.highlights .is-regressed strong{color:var(--spike)}
.highlights .is-shipped strong,.highlights .is-effect strong,.highlights .is-answered strong{color:var(--mark)}
.list{list-style:none;padding:0;margin:0;border-top:1px solid var(--line)}
.list a{display:grid;grid-template-columns:1.75rem minmax(0,1fr) 6rem 9.5rem;gap:.75rem;align-items:center;
padding:.6rem 0;border-bottom:1px solid var(--line);color:inherit;text-decoration:none}
.list a:hover strong{text-decoration:underline}
.rank{color:var(--soft);font-variant-numeric:tabular-nums}
.what{display:grid;min-width:0}.what strong{overflow-wrap:anywhere}
.moved.is-up,.moved.is-new{color:var(--spike)}.moved.is-down{color:var(--mark)}
.cause{font-size:.8125rem;font-weight:600}
.cause.is-defect{color:var(--defect)}.cause.is-design{color:var(--design)}.cause.is-knowledge{color:var(--knowledge)}
.cause.is-external{color:var(--external)}.cause.is-request{color:var(--request)}.cause.is-unclear{color:var(--unclear)}
figure{margin:.9rem 0 0;padding-left:.9rem;border-left:3px solid var(--range)}
blockquote{margin:0;font-family:ui-serif,Charter,Georgia,serif;font-size:1.0625rem;overflow-wrap:anywhere}
.gaps li{overflow-wrap:anywhere}
.weeks{margin-top:.75rem}.plot{display:block;max-width:100%;height:auto}
.plot-range{fill:var(--range)}.plot-line{fill:none;stroke:var(--mark);stroke-width:2;stroke-linejoin:round}
.plot-dot{fill:var(--mark)}.plot-spike{fill:var(--spike)}.plot-fix{stroke:var(--ink);stroke-dasharray:3 3}
.plot-grid{stroke:var(--line)}.plot-word{fill:var(--soft);font-size:11px;text-anchor:middle}
.plot-word.is-start{text-anchor:start}.plot-word.is-end{text-anchor:end}
@media(max-width:34rem){.list a{grid-template-columns:1.5rem minmax(0,1fr) 6rem}.cause{grid-column:2/-1}
main{padding-top:1.25rem}}
"""
