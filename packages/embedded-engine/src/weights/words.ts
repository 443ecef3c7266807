/** The words a generated model can say. Each becomes one token with its leading space, and text made of them keeps its token count when read back. */
export const WORDS: readonly string[] = `
able above across air all alone also among and any arch area arm art as ask at away back bag ball band bank bar barn base basket be beam
bear bed begin bell best big bird black blue boat body bold book both bow box branch break brown burn bus busy but by cabin call calm camp
can cap car card care cart case cat cause chair change cheap city clay clean climb cloth coal coat coin cold color come cook cool copy corn
cost country cow craft crop cross cup curve cut dark dawn day deal deep deer desk dish distance do dog door down draw dream drink drop drum
dry due dust each early east easy eat edge egg elm empty end even ever every example eye face fact fair fall far farm fast feed feel felt
fern few field fig fill find fine fire fish five flag flame flat flow fly fog food foot for form forward four fox frame free from fruit full
game gate get gift give glad go goat gold good grain gray great grow guard guide half hall hand harbor hard hat have hay head hear heart
heat help herb here high hill hold home hope horse hot hour how huge ice idea if in inch ink into iron ivory ivy jar join joy jump just keen
keep key kind king kitchen kite knee knot know lake lamp land large last late law lay lead leaf left lemon less lid life like lily limit
line lion list live log long look loud low lunch made mail main make man many map mark meal mean measure meet melon mild mile milk mill mind
mine mint mix model moon more moss most mouse much narrow near neat need nest net new next nice night nine noon north note now nut oak oat
of off often oil old on once one only open or order our out oven over own page pair palm paper park part pass path pear pen perhaps piano
pine pink pipe place plan plate play plum poem pole pond pony poor port post pot power proud pull pure push quite rain rare reach read red
reed rest rice rich ride ring ripe rise river road rock roof room root rope rose row rule run rust sail salt same sand save saw say scale
science sea seat seed seem self send set shade sharp shine ship shoe shop show side silk since sing six size sky slope slow smoke snow so
soap soft soil some song soon soup space spoon stable star start stay steel step stone stop story such sugar sun supper sure swim table tail
take talk tall tea team ten tent test than that the then thick thin this three tide tile time tin to tool top total tour town track train
tree trip true try tune turn twenty two under up upon use vast very view vine visit wait walk wall warm wash watch wave way week well west
wet what wheat when which who whole why wide wild will wind wine wing wise wish with wolf wonder wood wool word work yard year yes yet zero
zone
`
  .trim()
  .split(/\s+/);
