import type { stream, Worksheet } from 'exceljs';

type Writer = InstanceType<typeof stream.xlsx.WorkbookWriter>;

/** A picture in a sheet. */
export interface Picture {
  png: Uint8Array;
  /** Pixels at which it is shown. */
  width: number;
  height: number;
  /** For those who cannot see it. */
  title: string;
}

/** What of the streaming writer is not in its types. */
interface WriterParts {
  zip: { append(content: string | Uint8Array, options: { name: string }): unknown };
}
interface SheetParts {
  stream: { write(text: string): void };
  _sheetRelsWriter: { addRelationship(relation: { Type: string; Target: string }): string };
  _writeLegacyData(): void;
}

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const DRAWING_TYPE = 'application/vnd.openxmlformats-officedocument.drawing+xml';
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
/** English metric units a pixel at 96 dots an inch. */
const EMU = 9525;
/** Height of a line of a sheet, pixels. */
export const LINE_PIXELS = 20;

/**
 * Puts pictures into a sheet that is not yet committed, below each other, each beginning at a line. The streaming writer of exceljs has no pictures in
 * sheets, so the parts that hold them (ECMA-376 part 1, 20.5) are written here.
 */
export function addPictures(workbook: Writer, sheet: Worksheet, pictures: readonly (Picture & { line: number })[]): void {
  const name = 'drawing1.xml';
  const { zip } = workbook as unknown as WriterParts;
  const parts = sheet as unknown as SheetParts;
  const images = pictures.map(({ png }) => workbook.addImage({ buffer: Buffer.from(png) as never, extension: 'png' }));
  const drawing = parts._sheetRelsWriter.addRelationship({ Type: `${OFFICE}/drawing`, Target: `../drawings/${name}` });
  // The last thing before which a drawing has its place in a sheet.
  const legacy = parts._writeLegacyData.bind(parts);
  parts._writeLegacyData = () => {
    parts.stream.write(`<drawing r:id="${drawing}"/>`);
    legacy();
  };
  const anchors = pictures.map(
    ({ line, width, height, title }, i) =>
      `<xdr:oneCellAnchor><xdr:from><xdr:col>0</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>${line}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:ext cx="${Math.round(width * EMU)}" cy="${Math.round(height * EMU)}"/><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="${i + 1}" name="Picture ${i + 1}" descr="${attribute(title)}"/><xdr:cNvPicPr><a:picLocks noChangeAspect="1"/></xdr:cNvPicPr></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId${i + 1}"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill><xdr:spPr><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic><xdr:clientData/></xdr:oneCellAnchor>`,
  );
  zip.append(
    `${HEAD}<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="${OFFICE}">${anchors.join('')}</xdr:wsDr>`,
    { name: `xl/drawings/${name}` },
  );
  const relations = images.map((id, i) => `<Relationship Id="rId${i + 1}" Type="${OFFICE}/image" Target="../media/image${id}.png"/>`);
  zip.append(`${HEAD}<Relationships xmlns="${RELATIONS}">${relations.join('')}</Relationships>`, {
    name: `xl/drawings/_rels/${name}.rels`,
  });
  nameType(zip, `<Override PartName="/xl/drawings/${name}" ContentType="${DRAWING_TYPE}"/>`);
}

/** The list of what each part is comes last of all, and knows nothing of drawings. */
function nameType(zip: WriterParts['zip'], entry: string): void {
  const append = zip.append.bind(zip);
  zip.append = (content, options) =>
    append(options.name === '[Content_Types].xml' ? String(content).replace('</Types>', `${entry}</Types>`) : content, options);
}

const attribute = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
