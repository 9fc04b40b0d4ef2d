# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Processes and services, from listening.json below FW_STANDIN.

Function Get-CimInstance {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidOverwritingBuiltInCmdlets', '')]
    [CmdletBinding()]
    Param([string]$ClassName, [string]$Filter, [string[]]$Property)
    $text = [System.IO.File]::ReadAllText((Join-Path $env:FW_STANDIN 'listening.json'))
    foreach ($row in (ConvertFrom-Json -InputObject $text)) {
        if ($ClassName -eq 'Win32_Process') {
            [pscustomobject]@{ ProcessId = [uint32]$row.pid; Name = $row.process; ExecutablePath = $row.path }
        }
        else {
            foreach ($name in $row.services) { [pscustomobject]@{ ProcessId = [uint32]$row.pid; Name = $name } }
        }
    }
}

Export-ModuleMember -Function 'Get-CimInstance'
