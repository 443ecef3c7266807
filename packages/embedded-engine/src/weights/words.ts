/** The words a generated model can say. Each becomes one token with its leading space, and text made of them keeps its token count when read back. */
export const WORDS: readonly string[] = `
able above across again agree air all almost alone along already also always amber among and animal answer any apple arch area arm around art as ask at autumn away
back bag ball band bank bar barn base basket be beach beam bear because bed before begin behind bell below bench best better between big bird black blue boat body bold book both
bottle bottom bow box branch brass bread break bridge bright bring brook brown brush build burn bus busy but butter by cabin call calm camp can candle cap car card care carry cart
case castle cat catch cause cedar center chain chair chalk chance change chart cheap check cherry child circle city clay clean clear clerk climb clock close cloth cloud coal coast
coat coffee coin cold color come common cook cool copper copy corn corner cost cotton count country course cover cow craft cream creek crop cross crowd crown cup current curve cut
daily dance dark dawn day deal deep deer degree desert desk detail dinner direct dish distance do doctor dog door double down draw dream dress drift drink drive drop drum dry due
dust each eager early earth east easy eat edge effect egg eight either elm empty end engine enough enter equal even evening ever every exact example eye face fact fair fall family
far farm fast father feather feed feel felt fence fern few field fig fill final find fine finger fire first fish five flag flame flat float floor flow flower fly fog follow food
foot for forest form forward four fox frame free fresh friend from frost fruit full game garden gate gather general gentle get giant gift give glad glass go goat gold good grain
grand grass gray great green ground group grow guard guess guest guide habit half hall hammer hand happy harbor hard harvest hat have hay head hear heart heat heavy help herb here
high hill history hold home honey hope horse hot hour house how huge human hundred ice idea if in inch ink inside into iron island ivory ivy jacket jar join joy judge juice jump
just keen keep kettle key kind king kitchen kite knee knot know lake lamp land large last late laugh law lay lead leaf learn leather left lemon less letter level library lid life
light like lily limit line linen lion list little live local log long look loud low lunch made mail main make man many map maple marble march mark market meadow meal mean measure
meet melon metal middle might mild mile milk mill mind mine mint minute mirror mix model modern moment money month moon more morning moss most mountain mouse much music narrow
nature near neat need nest net never new next nice night nine noble noise noon north note now number nut oak oat ocean of off offer office often oil old olive on once one onion
only open or orange orchard order other our out oven over own page paint pair palm paper park part pass path peace peach pear pen people pepper perhaps piano piece pilot pine
pink pipe place plain plan plant plate play plum pocket poem point pole pond pony poor porch port post pot potato power price print proud public pull pure purple push quick quiet
quite rabbit rain raise ranch rare reach read ready reason red reed rest rice rich ride right ring ripe rise river road rock roof room root rope rose round row rule run rust
sail salt same sand sauce save saw say scale school science sea season seat second seed seem self send sense set seven shade shape share sharp sheep shell shine ship shoe shop
shore short show side silk silver simple since sing six size skill sky sleep slope slow small smile smoke smooth snow so soap soft soil some song soon sound soup south space speak
spice spoon spring square stable stage stairs stand star start state station stay steam steel step stick still stone stop store storm story stove straw stream street string strong
such sugar summer sun supper sure surface sweet swift swim table tail take talk tall tea team ten tent test than thank that the then there thick thin thing think this three thread
through ticket tide tiger tile time tin to today tool top total touch tour toward tower town track trade trail train travel tree trip true trunk trust try tune turn twelve twenty
two under until up upon use valley value vast velvet very view village vine visit voice wagon wait walk wall warm wash watch water wave way weather week well west wet whale what wheat
wheel when where which while white who whole why wide wild will willow wind window wine wing winter wise wish with wolf wonder wood wool word work world yard year yellow yes yet
young zero zone`
  .trim()
  .split(/\s+/);
