/** Short, common English words: nearly every tokenizer of a language model has nearly all of them, with the space before, as one token. */
export const WORDS: readonly string[] = (
  'time year people way day man thing woman life child world school state family student group country problem hand part place case week ' +
  'company system program question work number night point home water room mother area money story fact month lot right study book eye job ' +
  'word business issue side kind head house service friend father power hour game line end member law car city name team minute idea body ' +
  'back parent face level office door health person art war history party result change morning reason research girl guy moment air teacher ' +
  'force order table paper road stone river field garden window kitchen summer winter spring letter picture music voice color light ' +
  'sound table glass board floor wall street market king queen ship train plane horse bird fish tree leaf flower grass rain snow wind fire ' +
  'earth sun moon star sky sea lake hill mountain forest island beach bridge tower church castle village town farm store shop bank park ' +
  'good new first last long great little own other old big high small large next early young important few public bad same able ' +
  'be have do say get make go know take see come think look want give use find tell ask seem feel try leave call keep let begin help ' +
  'show hear play run move live believe bring happen write provide sit stand lose pay meet include continue set learn lead understand watch ' +
  'follow stop create speak read allow add spend grow open walk win offer remember love consider appear buy wait serve die send expect build ' +
  'stay fall cut reach kill remain'
)
  .split(' ')
  .filter((word, i, all) => all.indexOf(word) === i);
